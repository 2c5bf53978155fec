import { dirname } from 'node:path'
import type { Node, ParseError } from 'jsonc-parser'
import type { TextFile } from './files.ts'
import { type Problem, quote } from './problems.ts'
import { mentionsSecret } from './secret-names.ts'

/** A key's way from the root: names and, in lists, numbers. */
export type KeyPath = readonly (string | number)[]

/** A parsed configuration file that still knows where everything stood. */
export type Document = {
  readonly name: string
  readonly directory: string
  /** Objects have no prototype: a key called `constructor` is just a key. */
  readonly value: Readonly<Record<string, unknown>>
  /** `params.json line 4`: where the value at this path stands, or the nearest thing around it. */
  where(path: KeyPath): string
}

const MAX_DEPTH = 32
const SYNTAX_ERRORS_SHOWN = 3

/** Parses JSON with comments and trailing commas. Everything wrong goes into `problems`; `undefined` when it cannot be used. */
export async function parseDocument(file: TextFile, problems: Problem[]): Promise<Document | undefined> {
  const { createScanner, parseTree, printParseErrorCode } = await import('jsonc-parser')
  const position = positions(file.text)
  // The parser recurses: count first.
  if (deepest(createScanner(file.text, true)) > MAX_DEPTH) {
    problems.push({ code: 'CONFIG_FILE_TOO_LARGE', severity: 'error', message: `${file.name} is nested deeper than ${MAX_DEPTH} levels.` })
    return undefined
  }
  const errors: ParseError[] = []
  const root = parseTree(file.text, errors, { allowTrailingComma: true })
  for (const error of errors.slice(0, SYNTAX_ERRORS_SHOWN)) {
    const { line, column } = position(error.offset)
    const reason = printParseErrorCode(error.error)
      .replace(/(?<=[a-z])(?=[A-Z])/g, ' ')
      .toLowerCase()
    const message = `${file.name} line ${line} column ${column} is not valid JSON (${reason}):\n${excerpt(file.text, line, column)}`
    problems.push({ code: 'CONFIG_JSON', severity: 'error', message })
  }
  if (errors.length > 0) return undefined
  if (root?.type !== 'object') {
    problems.push({ code: 'CONFIG_JSON', severity: 'error', message: `${file.name} must hold one object: { … }.` })
    return undefined
  }
  const offsets: Offsets = new Map()
  const value = plain(root, [], offsets, (path, key, offset) => {
    problems.push(keyProblem(path, key, `${file.name} line ${position(offset).line}`))
  }) as Record<string, unknown>
  return {
    name: file.name,
    directory: dirname(file.path),
    value,
    where: (path) => `${file.name} line ${position(offsetAt(value, path, offsets, root.offset)).line}`,
  }
}

function keyProblem(path: KeyPath, key: string, where: string): Problem {
  if (key === '__proto__') {
    const hint = 'A table or target of this name is written "\\\\__proto__" where patterns are allowed.'
    return { code: 'CONFIG_VALUE', severity: 'error', message: `\`__proto__\` in ${where} cannot be a key.`, hint }
  }
  if (path.length === 1 && path[0] === 'targets') {
    return { code: 'CONFIG_TARGET_NAME', severity: 'error', message: `Target ${quote(key)} is named a second time in ${where}.` }
  }
  return { code: 'CONFIG_VALUE', severity: 'warning', message: `${quote(key)} stands twice: the one in ${where} counts.` }
}

/** Where the members of each object and list begin. Objects: at the key. */
type Offsets = Map<unknown, Map<string | number, number>>

/** The tree as plain values. `odd` is told about keys that stand twice (the last one counts) and about `__proto__`, which is left out. */
function plain(node: Node, path: KeyPath, offsets: Offsets, odd: (path: KeyPath, key: string, offset: number) => void): unknown {
  if (node.type !== 'array' && node.type !== 'object') return node.value
  const members = new Map<string | number, number>()
  const value: unknown[] | Record<string, unknown> = node.type === 'array' ? [] : Object.create(null)
  offsets.set(value, members)
  for (const [index, child] of (node.children ?? []).entries()) {
    const [keyNode, valueNode] = node.type === 'array' ? [undefined, child] : (child.children ?? [])
    const key = keyNode === undefined ? index : String(keyNode.value)
    if (valueNode === undefined) continue
    if (key === '__proto__' || members.has(key)) odd(path, String(key), child.offset)
    if (key === '__proto__') continue
    members.set(key, child.offset)
    ;(value as Record<string | number, unknown>)[key] = plain(valueNode, [...path, key], offsets, odd)
  }
  return value
}

/** Where the path ends early: the last thing on it. */
function offsetAt(root: unknown, path: KeyPath, offsets: Offsets, start: number): number {
  let value = root
  let offset = start
  for (const step of path) {
    const next = offsets.get(value)?.get(step)
    if (next === undefined) break
    offset = next
    value = (value as Record<string | number, unknown>)[step]
  }
  return offset
}

type Scanner = { scan(): number; getToken(): number }

function deepest(scanner: Scanner): number {
  const [openBrace, closeBrace, openBracket, closeBracket, end] = [1, 2, 3, 4, 17]
  let depth = 0
  let most = 0
  for (let token = scanner.scan(); token !== end; token = scanner.scan()) {
    if (token === openBrace || token === openBracket) most = Math.max(most, ++depth)
    else if (token === closeBrace || token === closeBracket) depth--
  }
  return most
}

/** Line and column of an offset, both counted from 1. */
function positions(text: string): (offset: number) => { readonly line: number; readonly column: number } {
  const starts = [0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return (offset) => {
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      if ((starts[middle] as number) <= offset) low = middle
      else high = middle - 1
    }
    return { line: low + 1, column: offset - (starts[low] as number) + 1 }
  }
}

/** The offending line with a mark under the column. On and below the line of a secret at most a key is shown. */
function excerpt(text: string, line: number, column: number): string {
  const lines = text.split('\n', line)
  const here = (lines[line - 1] ?? '').replace(/(?!\t)\p{Cc}/gu, ' ')
  const above = lines.slice(0, line - 1).filter((other) => other.trim() !== '')
  if ([here, ...above.slice(-3)].some(mentionsSecret)) {
    const key = /^[\s{,]*"\w*"\s*:/.exec(here)?.[0].trim() ?? ''
    return `    ${key} ********`
  }
  const from = Math.max(0, column - 60)
  return `    ${here.slice(from, from + 100)}\n    ${' '.repeat(Math.max(0, column - 1 - from))}^`
}
