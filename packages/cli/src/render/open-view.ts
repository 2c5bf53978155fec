import { quietView, type View } from './view.ts'

export type ViewOptions = {
  /** Nobody looks: a program reads, or the log is shown instead. */
  readonly silent: boolean
  /** Tables at the same time. */
  readonly slots: number
  readonly redact: (text: string) => string
}

/** The tree on a terminal, lines elsewhere, nothing where a program reads. */
export async function openView({ silent, slots, redact }: ViewOptions): Promise<View> {
  if (silent) return quietView
  const { redactTexts } = await import('../redact-texts.ts')
  const view = await visibleView(slots)
  return { ...view, listener: (event) => view.listener(event.type === 'run.planned' ? event : redactTexts(event, redact)) }
}

async function visibleView(slots: number): Promise<View> {
  const { stderr, env } = process
  if (stderr.isTTY && env.TERM !== 'dumb' && env.CI === undefined) {
    const { treeView } = await import('./tree.ts')
    return treeView({ stream: stderr, slots })
  }
  const { plainView } = await import('./plain.ts')
  return plainView((line) => stderr.write(`${line}\n`))
}
