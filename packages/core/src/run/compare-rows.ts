import { CellCursor, type RowBatch } from '../model/rows.ts'
import { keyBytes, keyText } from './fingerprints.ts'

/** Rows by packed key. `unsure`: one of the ends at least has no hash for the row. */
export type RowsApart = {
  readonly missing: readonly Uint8Array[]
  readonly changed: readonly Uint8Array[]
  readonly unsure: readonly Uint8Array[]
  readonly extra: readonly Uint8Array[]
}

/**
 * The rows that are not the same at both ends, by batches of fingerprints in any order, each of which is looked at before the next one is asked for. Most often both
 * ends give them in one order: those are compared where they lie, and only a row that is out of step is held until its counterpart comes.
 */
export async function compareRows(source: AsyncIterable<RowBatch>, target: AsyncIterable<RowBatch>, keyCells: number): Promise<RowsApart> {
  const [theirs, ours] = [new Rows(source, keyCells), new Rows(target, keyCells)]
  try {
    return await rowsApart(theirs, ours)
  } finally {
    // Where one end has failed the other may be far from its next row: nobody waits for it.
    theirs.leave()
    ours.leave()
  }
}

async function rowsApart(theirs: Rows, ours: Rows): Promise<RowsApart> {
  const changed: Uint8Array[] = []
  const unsure: Uint8Array[] = []
  const [held, heldOurs] = [new Map<string, string | null>(), new Map<string, string | null>()]

  /** True where the other end's row came before. */
  function met(rows: Rows, others: Map<string, string | null>): boolean {
    if (others.size === 0) return false
    const { key, hash } = rows
    const other = others.get(key)
    if (other === undefined) return false
    others.delete(key)
    if (hash === null || other === null) unsure.push(keyBytes(key))
    else if (hash !== other) changed.push(keyBytes(key))
    return true
  }

  /** Rows of one end whose keys read alike are not told apart: only the last of them is held, so that the key counts as changed. */
  function hold(rows: Rows, others: Map<string, string | null>): void {
    const { key, hash } = rows
    if (others.has(key)) changed.push(keyBytes(key))
    others.set(key, hash)
  }

  let [left, right] = [false, false]
  for (;;) {
    if ((!left && !theirs.ended) || (!right && !ours.ended)) [left, right] = await Promise.all([left || theirs.more(), right || ours.more()])
    if (!left && !right) break
    if (left && right && theirs.hasKeyOf(ours)) {
      if (theirs.isHashless || ours.isHashless) unsure.push(keyBytes(theirs.key))
      else if (!theirs.hasHashOf(ours)) changed.push(keyBytes(theirs.key))
      left = theirs.next()
      right = ours.next()
    } else if (left && met(theirs, heldOurs)) {
      left = theirs.next()
    } else if (right && met(ours, held)) {
      right = ours.next()
    } else {
      if (left) hold(theirs, held)
      if (right) hold(ours, heldOurs)
      left &&= theirs.next()
      right &&= ours.next()
    }
  }
  return { missing: [...held.keys()].map(keyBytes), changed, unsure, extra: [...heldOurs.keys()].map(keyBytes) }
}

/** Walks along the rows of fingerprint batches, a row at a time, of which nothing is copied until it is asked for. */
class Rows {
  isHashless = false
  /** There is no row after the last one of the batch. */
  ended = false
  readonly #batches: AsyncIterator<RowBatch>
  readonly #keyCells: number
  #rowsLeft = 0
  #cells = new CellCursor(new Uint8Array())
  #start = 0
  #keyEnd = 0
  #hashEnd = 0

  constructor(batches: AsyncIterable<RowBatch>, keyCells: number) {
    this.#batches = batches[Symbol.asyncIterator]()
    this.#keyCells = keyCells
  }

  /** Goes to the first row of the next batch. False: there is none. */
  async more(): Promise<boolean> {
    while (this.#rowsLeft === 0) {
      const { value, done } = await this.#batches.next()
      if (done) {
        this.ended = true
        return false
      }
      this.#cells = new CellCursor(value.bytes)
      this.#rowsLeft = value.rowCount
    }
    return this.next()
  }

  /** Goes to the next row of the batch. False: it has no more. */
  next(): boolean {
    if (this.#rowsLeft === 0) return false
    this.#rowsLeft--
    const cells = this.#cells
    this.#start = cells.at
    cells.skip(this.#keyCells)
    this.#keyEnd = cells.at
    cells.next()
    this.isHashless = cells.isNull
    this.#hashEnd = cells.at
    // How often the row is there: once, for it has a key.
    cells.next()
    return true
  }

  leave(): void {
    if (!this.ended) this.#batches.return?.().catch(() => {})
  }

  get key(): string {
    return this.#text(this.#start, this.#keyEnd)
  }

  get hash(): string | null {
    return this.isHashless ? null : this.#text(this.#keyEnd, this.#hashEnd)
  }

  hasKeyOf(other: Rows): boolean {
    return this.#keyEnd - this.#start === other.#keyEnd - other.#start && this.#isSame(this.#start, this.#keyEnd, other, other.#start)
  }

  hasHashOf(other: Rows): boolean {
    return this.#hashEnd - this.#keyEnd === other.#hashEnd - other.#keyEnd && this.#isSame(this.#keyEnd, this.#hashEnd, other, other.#keyEnd)
  }

  #isSame(start: number, end: number, other: Rows, otherStart: number): boolean {
    const [one, two] = [this.#cells.bytes, other.#cells.bytes]
    for (let i = start, o = otherStart; i < end; i++, o++) if (one[i] !== two[o]) return false
    return true
  }

  #text(start: number, end: number): string {
    return keyText(this.#cells.bytes.subarray(start, end))
  }
}
