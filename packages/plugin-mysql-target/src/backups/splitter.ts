/** More than any token needs to be told from another. A `DELIMITER` line waits for its end. */
const LOOKAHEAD = 16

const TAB = 0x09
const NEWLINE = 0x0a
const RETURN = 0x0d
const SPACE = 0x20
const DOUBLE = 0x22
const HASH = 0x23
const SINGLE = 0x27
const STAR = 0x2a
const DASH = 0x2d
const SLASH = 0x2f
const BACKSLASH = 0x5c
const BACKTICK = 0x60

type State = 'code' | 'line-comment' | 'comment' | typeof SINGLE | typeof DOUBLE | typeof BACKTICK

/**
 * Cuts the text of a dump into statements, as the `mariadb` client does: at the delimiter, which a `DELIMITER` line changes, and never
 * inside a string, a name or a comment. Bytes in, bytes out: what a string holds is not decoded. Needs as much memory as the longest statement.
 */
export class StatementSplitter {
  #buffer: Buffer = Buffer.alloc(1 << 16)
  #used = 0
  #start = 0
  #at = 0
  #state: State = 'code'
  /** Nothing but space and comments since the last statement. */
  #blank = true
  #delimiter: Buffer = Buffer.from(';')
  /** Whether a backslash in a string takes the next byte along: not where the SQL mode says otherwise. */
  #escapes = true

  /** The statements that end in this chunk, without their delimiter. Comments in front belong to the statement that follows. */
  push(chunk: Uint8Array): Buffer[] {
    this.#append(chunk)
    return this.#scan(false)
  }

  /** The rest. `open`: the text ends in the middle of a statement, a string or a comment; `rest` is what it ends with. */
  end(): { readonly statements: readonly Buffer[]; readonly open: boolean } {
    const statements = this.#scan(true)
    const inside = this.#state !== 'code' && this.#state !== 'line-comment'
    return { statements, open: inside || !this.#blank }
  }

  /** What is done with gives room; else the buffer doubles, so that a long statement is not copied with every chunk. */
  #append(chunk: Uint8Array): void {
    if (this.#used + chunk.length > this.#buffer.length) {
      const rest = this.#buffer.subarray(this.#start, this.#used)
      const enough = (rest.length + chunk.length) * 2 <= this.#buffer.length
      const next = enough ? this.#buffer : Buffer.allocUnsafeSlow((rest.length + chunk.length) * 2)
      rest.copy(next)
      this.#buffer = next
      this.#used = rest.length
      this.#at -= this.#start
      this.#start = 0
    }
    this.#buffer.set(chunk, this.#used)
    this.#used += chunk.length
  }

  #scan(final: boolean): Buffer[] {
    const found: Buffer[] = []
    const buffer = this.#buffer.subarray(0, this.#used)
    const limit = final ? buffer.length : buffer.length - LOOKAHEAD
    while (this.#at < limit) {
      if (this.#state !== 'code') this.#inside(buffer, this.#state, limit)
      else if (!this.#code(buffer, found, final)) break
    }
    return found
  }

  /** Moves to the end of a string, a name or a comment, or to the limit. */
  #inside(buffer: Buffer, state: Exclude<State, 'code'>, limit: number): void {
    let at = this.#at
    if (state === 'line-comment') {
      while (at < limit && buffer[at] !== NEWLINE) at++
      if (at < limit) this.#state = 'code'
    } else if (state === 'comment') {
      while (at < limit && !(buffer[at] === STAR && buffer[at + 1] === SLASH)) at++
      if (at < limit) {
        at += 2
        this.#state = 'code'
      }
    } else {
      // A doubled quote closes and opens again, which comes to the same.
      while (at < limit && buffer[at] !== state) at += buffer[at] === BACKSLASH && this.#escapes && state !== BACKTICK ? 2 : 1
      if (at < limit) {
        at++
        this.#state = 'code'
      }
    }
    this.#at = at
  }

  /** One step outside of strings and comments; false where the next chunk is needed. */
  #code(buffer: Buffer, found: Buffer[], final: boolean): boolean {
    const at = this.#at
    const byte = buffer[at] as number
    if (this.#isDelimiter(buffer, at)) {
      const statement = Buffer.from(buffer.subarray(this.#start, at))
      found.push(statement)
      this.#noteMode(statement)
      this.#begin(at + this.#delimiter.length)
      return true
    }
    if (byte === SPACE || byte === NEWLINE || byte === TAB || byte === RETURN) {
      this.#at = at + 1
      return true
    }
    if (byte === HASH || (byte === DASH && buffer[at + 1] === DASH && isSpace(buffer[at + 2]))) {
      this.#state = 'line-comment'
      return true
    }
    if (byte === SLASH && buffer[at + 1] === STAR) return this.#comment(buffer)
    if (this.#blank && (byte | 0x20) === 0x64) {
      const line = delimiterLine(buffer, at, final)
      if (line === 'unknown') return false
      if (line !== undefined) {
        this.#delimiter = line.delimiter
        this.#begin(line.end)
        return true
      }
    }
    this.#blank = false
    if (byte === SINGLE || byte === DOUBLE || byte === BACKTICK) this.#state = byte
    this.#at = at + 1
    return true
  }

  /** What stands in a conditional comment is part of a statement: only its opening is stepped over, and strings in it are strings. */
  #comment(buffer: Buffer): boolean {
    const at = this.#at
    const conditional = buffer[at + 2] === 0x21 || (buffer[at + 2] === 0x4d && buffer[at + 3] === 0x21)
    if (!conditional) this.#state = 'comment'
    else if (!buffer.subarray(at, at + 10).equals(SANDBOX)) this.#blank = false
    else this.#state = 'comment'
    this.#at = at + 2
    return true
  }

  #isDelimiter(buffer: Buffer, at: number): boolean {
    const { length } = this.#delimiter
    if (buffer[at] !== this.#delimiter[0]) return false
    return length === 1 || buffer.subarray(at, at + length).equals(this.#delimiter)
  }

  /** Dumps set the mode for each trigger, and put the one before back from a variable. */
  #noteMode(statement: Buffer): void {
    if (statement.length > LONGEST_SETTING) return
    const set = SETS_MODE.exec(statement.toString('latin1'))
    if (set !== null) this.#escapes = !/NO_BACKSLASH_ESCAPES/i.test(set[1] ?? '')
  }

  #begin(at: number): void {
    this.#start = at
    this.#at = at
    this.#blank = true
  }
}

const SETS_MODE = /^\s*(?:\/\*!\d*\s*)?SET\b.*\bsql_mode\s*=\s*(?:'([^']*)'|@)/is
const LONGEST_SETTING = 2_000

/** MariaDB's dumps begin with it, and it has no delimiter: the client alone takes note of it. */
const SANDBOX = Buffer.from('/*M!999999')

/** A delimiter of more bytes than the lookahead could be cut in two. */
const LONGEST_DELIMITER = LOOKAHEAD - 1

function delimiterLine(buffer: Buffer, at: number, final: boolean): { readonly delimiter: Buffer; readonly end: number } | 'unknown' | undefined {
  if (!/^delimiter[ \t]$/i.test(buffer.toString('latin1', at, at + 10))) return undefined
  const newline = buffer.indexOf(NEWLINE, at)
  if (newline < 0 && !final) return 'unknown'
  const end = newline < 0 ? buffer.length : newline
  const [delimiter = ''] = buffer
    .toString('latin1', at + 10, end)
    .trim()
    .split(/\s/)
  if (delimiter === '' || delimiter.length > LONGEST_DELIMITER) return undefined
  return { delimiter: Buffer.from(delimiter, 'latin1'), end }
}

const isSpace = (byte: number | undefined): boolean => byte === undefined || byte <= SPACE
