import { NotUnderstood, type Token, tokens } from './scanner.ts'

/** Steps through the head of a statement. */
export class Cursor {
  last: Token | undefined
  readonly #sql: string
  readonly #encoding: 'utf8' | 'latin1'
  readonly #tokens: Iterator<Token>
  #ahead: Token | undefined

  /** `latin1`: each character is one byte of UTF-8. */
  constructor(sql: string, encoding: 'utf8' | 'latin1' = 'utf8') {
    this.#sql = sql
    this.#encoding = encoding
    this.#tokens = tokens(sql)
  }

  peek(): Token | undefined {
    this.#ahead ??= this.#tokens.next().value as Token | undefined
    return this.#ahead
  }

  next(): Token | undefined {
    this.last = this.peek() ?? this.last
    const token = this.#ahead
    this.#ahead = undefined
    return token
  }

  expect(...values: readonly string[]): void {
    const token = this.next()
    if (token === undefined || token.kind === 'text' || token.kind === 'name' || !values.includes(token.value)) {
      throw new NotUnderstood(`${values.join(' or ')} was expected`)
    }
  }

  /** Steps over any of these words, and says which. */
  skip(...words: readonly string[]): readonly string[] {
    const found: string[] = []
    for (let token = this.peek(); token?.kind === 'word' && words.includes(token.value); token = this.peek()) {
      found.push(token.value)
      this.next()
    }
    return found
  }

  until(word: string): void {
    for (let token = this.next(); token !== undefined; token = this.next()) if (token.kind === 'word' && token.value === word) return
    throw new NotUnderstood(`${word} was expected`)
  }

  /** `ansi`: double quotes are those of a name. */
  name(ansi = false): string {
    const token = this.next()
    if (ansi && token?.kind === 'text' && token.value.startsWith('"')) return token.value.slice(1, -1).replaceAll('""', '"')
    if (token === undefined || token.kind === 'text' || token.kind === 'sign') throw new NotUnderstood('a name was expected')
    return Buffer.from(named(token, this.#sql), this.#encoding).toString('utf8')
  }

  /** A list of names in parentheses, as it is written. */
  list(): string {
    this.expect('(')
    const { start } = this.last as Token
    for (let token = this.next(); token !== undefined; token = this.next()) {
      if (token.value === ')' && token.kind === 'sign') return this.#sql.slice(start, token.end)
      if (token.kind === 'text' || (token.kind === 'sign' && token.value !== ',')) throw new NotUnderstood('a list of columns was expected')
    }
    throw new NotUnderstood('a list of columns without an end')
  }

  rest(): string {
    return this.#sql.slice(this.last?.end ?? 0)
  }

  end(): void {
    if (this.next() !== undefined) throw new NotUnderstood('the statement goes on where it should end')
  }
}

/** A token as a name: without quotes it is a word like any other. */
export const named = (token: Token, sql: string): string => (token.kind === 'word' ? sql.slice(token.start, token.end) : token.value)
