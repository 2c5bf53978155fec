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
  const lineOf = (node: Node) => position((node.parent?.type === 'property' ? node.parent : node).offset).line
  const value = plain(root, [], (path, key, node) => {
    problems.push(keyProblem(path, key, `${file.name} line ${lineOf(node)}`))
  }) as Record<string, unknown>
  return {
    name: file.name,
    directory: dirname(file.path),
    value,
    where: (path) => `${file.name} line ${lineOf(nodeAt(root, path))}`,
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

/** The tree as plain values. `odd` is told about keys that stand twice and about `__proto__`, which is left out. */
function plain(node: Node, path: KeyPath, odd: (path: KeyPath, key: string, node: Node) => void): unknown {
  if (node.type === 'array') return (node.children ?? []).map((child, index) => plain(child, [...path, index], odd))
  if (node.type !== 'object') return node.value
  const value: Record<string, unknown> = Object.create(null)
  for (const property of node.children ?? []) {
    const [keyNode, valueNode] = property.children ?? []
    if (keyNode === undefined || valueNode === undefined) continue
    const key = String(keyNode.value)
    if (key === '__proto__' || key in value) odd(path, key, keyNode)
    if (key !== '__proto__') value[key] = plain(valueNode, [...path, key], odd)
  }
  return value
}

/** The last of several keys of one name, as JSON counts them; where the path ends early, the last thing on it. */
function nodeAt(root: Node, path: KeyPath): Node {
  let node = root
  for (const step of path) {
    const next =
      typeof step === 'number'
        ? node.children?.[step]
        : node.type === 'object'
          ? node.children?.findLast((property) => property.children?.[0]?.value === step)?.children?.[1]
          : undefined
    if (next === undefined) return node
    node = next
  }
  return node
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
