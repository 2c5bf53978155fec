import { beforeEach, describe, expect, it } from 'vitest'
import type { TableReader } from '../contract/reader.ts'
import { memoryDatabase, memoryTarget } from '../memory/index.ts'
import { type PaceOptions, paceOf } from './pace.ts'

type Lag = number | 'unknown' | undefined

const warned: string[] = []
/** Names of the ends that were asked how far they lag behind. */
const asked: string[] = []
let stop = new AbortController()

beforeEach(() => {
  warned.length = 0
  asked.length = 0
  stop = new AbortController()
})

const plain: TableReader = memoryTarget(memoryDatabase())
const end = (name: string, lag: () => Lag) => ({
  name,
  reader: {
    ...plain,
    async lag() {
      asked.push(name)
      return lag()
    },
  },
})

const pace = (limits: Partial<Pick<PaceOptions, 'maxRowsPerSecond' | 'maxLagSeconds'>>, readers: PaceOptions['readers'] = []) =>
  paceOf({
    ...{ maxRowsPerSecond: undefined, maxLagSeconds: undefined, ...limits, readers, signal: stop.signal },
    warn: (message) => void warned.push(message),
  })

/** Milliseconds that it takes. */
async function taken(work: () => Promise<unknown> | undefined): Promise<number> {
  const started = performance.now()
  await work()
  return performance.now() - started
}

/** Whether it has not come to an end after a while. */
const waits = async (work: Promise<unknown> | undefined): Promise<boolean> =>
  await Promise.race([Promise.resolve(work).then(() => false), new Promise<boolean>((resolve) => setTimeout(() => resolve(true), 25))])

it('is none where nothing is limited', () => {
  expect(pace({})).toBeUndefined()
  expect(pace({ maxRowsPerSecond: 1 })).toBeDefined()
  expect(pace({ maxLagSeconds: 0 })).toBeDefined()
})

it('lets no more rows be looked at between two questions than may be read in a second, and never none', () => {
  expect(pace({ maxRowsPerSecond: 100 })?.portion).toBe(100)
  expect(pace({ maxRowsPerSecond: 1_000_000 })?.portion).toBe(16_384)
  expect(pace({ maxLagSeconds: 1 })?.portion).toBe(16_384)
  expect(pace({ maxRowsPerSecond: 0.5 })?.portion).toBe(1)
})

describe('rows per second', () => {
  it('are kept by all tables together', async () => {
    const shared = pace({ maxRowsPerSecond: 1_000 })
    const ms = await taken(() => Promise.all([shared?.rows(30), shared?.rows(20), shared?.rows(30)]))
    expect(ms).toBeGreaterThan(70)
    expect(ms).toBeLessThan(200)
  })

  it('are no reason to ask how far a server lags behind', async () => {
    const end1 = end('source', () => 1_000)
    expect(await waits(pace({ maxRowsPerSecond: 1_000_000 }, [end1])?.rows(1))).toBe(false)
    expect(asked).toEqual([])
  })

  it('are waited for no longer when the verification is stopped', async () => {
    const waiting = pace({ maxRowsPerSecond: 1 })?.rows(60)
    setTimeout(() => stop.abort(), 5)
    await expect(waiting).rejects.toThrow('aborted')
  })
})

describe('how far a server lags behind', () => {
  it('holds a comparison back while it is more than it may be, at whichever end', async () => {
    for (const [seconds, held] of [
      [4, false],
      [5, false],
      [6, true],
    ] as const) {
      const ends = [end('source', () => 0), end('target copy', () => seconds)]
      expect(await waits(pace({ maxLagSeconds: 5 }, ends)?.rows(1)), `${seconds}`).toBe(held)
    }
    expect(warned).toEqual([])
  })

  it('is waited for no longer when the verification is stopped', async () => {
    const waiting = pace({ maxLagSeconds: 5 }, [end('source', () => 6)])?.rows(1)
    setTimeout(() => stop.abort(), 5)
    await expect(waiting).rejects.toThrow('aborted')
  })

  it('is asked once for the many portions of one second, of every end that may know', async () => {
    const ends = [end('source', () => 0), { name: 'target small', reader: plain }, end('target copy', () => undefined)]
    const shared = pace({ maxLagSeconds: 5 }, ends)
    for (let portion = 0; portion < 3; portion++) await shared?.rows(1_000_000)
    expect(asked).toEqual(['source', 'target copy'])
    expect(warned).toEqual([])
  })

  it('is warned of where a server does not say, and nothing is waited for then', async () => {
    const ends = [end('source', () => 'unknown'), end('target copy', () => 0)]
    expect(await waits(pace({ maxLagSeconds: 5 }, ends)?.rows(1))).toBe(false)
    expect(warned).toEqual([expect.stringContaining('the source lags behind')])
    expect(asked).toEqual(['source', 'target copy'])
  })
})
