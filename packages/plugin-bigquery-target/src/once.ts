/** Does the same thing once, whoever asks for it; all wait for it. What failed is done again for the next one who asks. */
export class Once {
  readonly #done = new Map<string, Promise<unknown>>()

  async once(what: string, work: () => Promise<unknown>): Promise<void> {
    const known = this.#done.get(what)
    if (
      known !== undefined &&
      (await known.then(
        () => true,
        () => false,
      ))
    )
      return
    const doing = work()
    this.#done.set(what, doing)
    await doing
  }
}
