/** Between who has rows and the load that takes them: `push` waits while the load is behind, and fails as soon as the load has failed. */
export class Pipe implements AsyncIterable<Uint8Array> {
  readonly #highWater: number
  readonly #chunks: { readonly bytes: Uint8Array; readonly taken: () => void }[] = []
  #bytes = 0
  #ended = false
  #failure: { readonly error: unknown } | undefined
  /** Resolved at every change of the above. */
  #change = Promise.withResolvers<void>()

  constructor(highWater = 1 << 20) {
    this.#highWater = highWater
  }

  /** `taken` is called when the reader asks for the next chunk: the memory of this one is free then. */
  async push(bytes: Uint8Array, taken: () => void = () => {}): Promise<void> {
    this.#check()
    if (bytes.length === 0) return
    this.#chunks.push({ bytes, taken })
    this.#bytes += bytes.length
    this.#changed()
    while (this.#bytes > this.#highWater) {
      await this.#change.promise
      this.#check()
    }
  }

  /** No more chunks: the reader ends once it has taken what is there. */
  end(): void {
    this.#ended = true
    this.#changed()
  }

  /** The load has failed: whoever pushes, now or later, gets this error. The first one stays. */
  fail(error: unknown): void {
    this.#failure ??= { error }
    this.#changed()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for (;;) {
      const chunk = this.#chunks.shift()
      if (chunk !== undefined) {
        this.#bytes -= chunk.bytes.length
        this.#changed()
        yield chunk.bytes
        chunk.taken()
      } else if (this.#ended || this.#failure !== undefined) return
      else await this.#change.promise
    }
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure.error
  }

  #changed(): void {
    this.#change.resolve()
    this.#change = Promise.withResolvers<void>()
  }
}
