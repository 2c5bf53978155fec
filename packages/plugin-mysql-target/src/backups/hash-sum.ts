import type { CellCursor } from '@dbsync/core/plugin'

/** Below this many additions of ten digits a double is exact. */
const EXACT = 100_000

/** Adds up row hashes as they come by, unsigned 64-bit numbers in decimal text: a BigInt for each row would cost more than reading it. */
export class HashSum {
  rows = 0
  /** False once a row had no hash. */
  exact = true
  #sum = 0n
  #high = 0
  #low = 0

  add({ bytes, start, end, isNull }: CellCursor): void {
    this.rows++
    if (isNull) this.exact = false
    const middle = Math.max(start, end - 10)
    this.#high += digits(bytes, start, middle)
    this.#low += digits(bytes, middle, end)
    if (this.rows % EXACT === 0) this.#carry()
  }

  /** As `Digest.sum`; `null` where it is not exact. */
  get sum(): string | null {
    this.#carry()
    return this.exact ? this.#sum.toString() : null
  }

  #carry(): void {
    this.#sum += BigInt(this.#high) * 10_000_000_000n + BigInt(this.#low)
    this.#high = 0
    this.#low = 0
  }
}

function digits(bytes: Uint8Array, start: number, end: number): number {
  let value = 0
  for (let i = start; i < end; i++) value = value * 10 + ((bytes[i] as number) - 0x30)
  return value
}
