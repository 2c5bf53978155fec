/** Between who has rows and the load that takes them: `push` waits while the load is behind, and fails as soon as the load has failed. */
export class Pipe implements AsyncIterable<Uint8Array> {
  readonly #highWater: number
  readonly #chunks: Uint8Array[] = []
  #bytes = 0
  #ended = false
  #failure: { readonly error: unknown } | undefined
  /** Resolved at every change of the above. */
  #change = Promise.withResolvers<void>()

  constructor(highWater = 4 << 20) {
    this.#highWater = highWater
  }

  async push(chunk: Uint8Array): Promise<void> {
    this.#check()
    if (chunk.length === 0) return
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
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
        this.#bytes -= chunk.length
        this.#changed()
        yield chunk
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
