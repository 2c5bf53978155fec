/** One call in a profile, with all that it called. */
export type Call = { readonly name: string; readonly own: number; readonly children: readonly Call[] }

type Frame = { readonly functionName: string; readonly url: string }
type CpuProfile = {
  readonly nodes: readonly { readonly id: number; readonly callFrame: Frame; readonly children?: readonly number[] }[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}
type HeapNode = { readonly callFrame: Frame; readonly selfSize: number; readonly children: readonly HeapNode[] }

/** Milliseconds, without those in which nothing was to be done. */
export function cpuTree({ nodes, samples, timeDeltas }: CpuProfile): Call {
  const own = new Map<number, number>()
  for (const [i, id] of samples.entries()) own.set(id, (own.get(id) ?? 0) + (timeDeltas[i] ?? 0) / 1000)
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const call = (id: number): Call => {
    const node = byId.get(id)
    const idle = node?.callFrame.functionName === '(idle)'
    return { name: label(node?.callFrame), own: idle ? 0 : (own.get(id) ?? 0), children: (node?.children ?? []).map(call) }
  }
  return call(nodes[0]?.id ?? 0)
}

/** Megabytes that were taken and are still held, as V8 samples them. */
export const heapTree = ({ head }: { readonly head: HeapNode }): Call => {
  const call = ({ callFrame, selfSize, children }: HeapNode): Call => ({ name: label(callFrame), own: selfSize / 1e6, children: children.map(call) })
  return call(head)
}

/** `write mysql2`: the file of the bundle without its hash. */
function label(frame: Frame | undefined): string {
  const file = /([^/]+?)(?:-[\w-]{8})?\.js$/.exec(frame?.url ?? '')?.[1] ?? frame?.url.replace('node:', '') ?? ''
  return `${frame?.functionName || '(anonymous)'} ${file}`.trim()
}

export const total = (call: Call): number => call.children.reduce((sum, child) => sum + total(child), call.own)

/** What each function took itself, the most first. */
export function selfTimes(call: Call, into = new Map<string, number>()): readonly (readonly [string, number])[] {
  into.set(call.name, (into.get(call.name) ?? 0) + call.own)
  for (const child of call.children) selfTimes(child, into)
  return [...into].toSorted(([, a], [, b]) => b - a)
}

const WIDTH = 1600
const LINE = 17

/** The call tree as a picture: each call as wide as it took, with what it called below it. Calls of less than a quarter of a percent are left out. */
export function flameGraph(title: string, unit: string, root: Call): string {
  const all = total(root)
  const boxes: string[] = []
  let deepest = 0
  const draw = (calls: readonly Call[], left: number, depth: number): void => {
    let x = left
    for (const [name, each] of byName(calls)) {
      const amount = each.reduce((sum, call) => sum + total(call), 0)
      const width = (WIDTH * amount) / all
      if (width < WIDTH / 400) continue
      deepest = Math.max(deepest, depth)
      const y = 30 + depth * LINE
      const shown = width < 30 ? '' : name.slice(0, Math.floor(width / 6.5))
      const tip = `${name}: ${amount.toFixed(1)} ${unit}, ${((100 * amount) / all).toFixed(1)} %`
      boxes.push(
        `<g><title>${escaped(tip)}</title><rect x="${x.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="${LINE - 1}" fill="hsl(${hue(name)} 70% 72%)"/><text x="${(x + 3).toFixed(1)}" y="${y + 12}">${escaped(shown)}</text></g>`,
      )
      draw(
        each.flatMap(({ children }) => children),
        x,
        depth + 1,
      )
      x += width
    }
  }
  draw(root.children, 0, 0)
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${60 + deepest * LINE}" font-family="monospace" font-size="11">`,
    `<title>${escaped(title)}</title>`,
    `<text x="4" y="18" font-size="14">${escaped(title)}: ${all.toFixed(0)} ${unit}</text>`,
    ...boxes,
    '</svg>\n',
  ].join('\n')
}

function byName(calls: readonly Call[]): readonly (readonly [string, readonly Call[]])[] {
  return [...Map.groupBy(calls, ({ name }) => name)].toSorted(([a], [b]) => (a < b ? -1 : 1))
}

/** One colour for one file. */
function hue(name: string): number {
  const file = name.split(' ').at(-1) ?? ''
  return [...file].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 360, 7)
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
