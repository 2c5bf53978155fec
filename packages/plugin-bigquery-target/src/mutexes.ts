/** One at a time for each name. BigQuery queues 20 statements on a table, fails the next, and cancels those that meet in one partition. */
export class Mutexes {
  readonly #tails = new Map<string, Promise<void>>()

  async run<T>(name: string, work: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(name)
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#tails.set(name, promise)
    await before
    try {
      return await work()
    } finally {
      resolve()
      if (this.#tails.get(name) === promise) this.#tails.delete(name)
    }
  }
}
