/** Who comes to help stays where the work of all goes so many times as fast by it. */
const GAIN = 1.2

export type CrewOptions = {
  /** So much work shows how fast it goes. */
  readonly trialBytes: number
  /** Nobody is asked for help where each one does as much as this. */
  readonly enoughPerSecond: number
  /** In milliseconds. */
  readonly clock?: () => number
}

/**
 * How many work at one thing at the same time. One more is asked for where it goes slowly, and again where that helped: where each connection has a slow line
 * two take half the time, and where two get in each other's way one goes again. Only trying tells.
 */
export class Crew {
  readonly #options: Required<CrewOptions>
  /** Bytes a second, without the one on trial. */
  #rate = 0
  #bytes = 0
  #since: number
  #size = 1
  #wanted = false
  #onTrial = false
  #full = false
  #oneTooMany = false

  constructor(options: CrewOptions) {
    this.#options = { clock: () => performance.now(), ...options }
    this.#since = this.#options.clock()
  }

  /** So much more has been done, by whomever. True: one more should be asked to come. */
  did(bytes: number): boolean {
    this.#bytes += bytes
    if (this.#full || this.#bytes < this.#options.trialBytes) return false
    const rate = (1000 * this.#bytes) / Math.max(1, this.#options.clock() - this.#since)
    this.#measure()
    if (this.#onTrial && rate < this.#rate * GAIN) {
      this.#full = true
      this.#oneTooMany = true
      this.#size--
      return false
    }
    this.#onTrial = false
    this.#rate = rate
    const asked = this.#wanted
    this.#wanted = rate / this.#size < this.#options.enoughPerSecond
    return this.#wanted && !asked
  }

  /** It was seen that one alone does enough. */
  get needsNobody(): boolean {
    return this.#size === 1 && this.#rate >= this.#options.enoughPerSecond
  }

  /** Whether the one who asks is wanted; if so, nobody else is asked for before that one has joined. */
  takes(): boolean {
    if (!this.#wanted) return false
    this.#wanted = false
    this.#full = true
    return true
  }

  /** The one who was taken begins. */
  joined(): void {
    this.#full = false
    this.#onTrial = true
    this.#size++
    this.#measure()
  }

  /** Whether one who joined goes on, when a piece of work is done. */
  stays(): boolean {
    const stays = !this.#oneTooMany
    this.#oneTooMany = false
    return stays
  }

  #measure(): void {
    this.#bytes = 0
    this.#since = this.#options.clock()
  }
}
