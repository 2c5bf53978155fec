import { canDigest, type TableReader } from '@dbsync/core/plugin'
import { expect } from 'vitest'
import type { Registry } from './checks.ts'
import { describeDigests } from './digest-suite.ts'
import { type FixtureRow, freshName, plainRows, plainTable } from './fixture.ts'
import { describeReading, opened, type ReaderHarness } from './reader-suite.ts'
import { cancelled, expectKind, never, rowsOf } from './rows-of.ts'

const READER_MEMBERS = ['ranges', 'evenRanges', 'digest', 'fingerprints', 'checksum', 'traffic', 'lag'] as const

/** The title under which a suite's tests stand: it names what the plugin lacks, and is therefore not tested for. */
export function membersTitle<T extends TableReader>(plugin: T, more: readonly (keyof T)[] = [], facts: readonly string[] = []): string {
  const lacking = [...[...READER_MEMBERS, ...more].filter((member) => plugin[member] === undefined).map(String), ...facts]
  return lacking.length === 0 ? 'with every optional member' : `not tested, for the plugin has none: ${lacking.join(', ')}`
}

/** What every reader must do, and those of its optional members that `reader` has. */
export function describeReader(registry: Registry, harness: ReaderHarness, reader: TableReader): void {
  describeReading(registry, harness)
  if (canDigest(reader)) {
    describeDigests(registry, {
      ...harness,
      async reader() {
        const another = await harness.reader()
        if (!canDigest(another)) throw new Error('one reader of the plugin can compare by digest, and another one cannot')
        return another
      },
    })
  }
  if (reader.traffic !== undefined) describeTraffic(registry, harness)
  if (reader.lag !== undefined) describeLag(registry, harness)
  if (reader.checksum !== undefined) describeChecksum(registry, harness)
}

function describeTraffic({ describe, it }: Registry, harness: ReaderHarness): void {
  describe('traffic', () => {
    it('grows with what is read', async () => {
      const { reader, schema } = await opened(harness, plainTable(freshName()), plainRows(500))
      const received = () => reader.traffic?.().received ?? 0
      const before = received()
      await rowsOf(reader, { schema })
      await reader.count(schema, never)
      // 500 rows of more than 8 bytes.
      expect(received() - before).toBeGreaterThan(4_000)
      expect(reader.traffic?.().sent).toBeGreaterThan(0)
    })
  })
}

function describeLag({ it }: Registry, harness: ReaderHarness): void {
  it('says by how many seconds it is behind the server that it replicates, if it replicates one', async () => {
    const lag = await (await harness.reader()).lag?.(never)
    if (lag !== undefined && lag !== 'unknown') expect(lag).toBeGreaterThanOrEqual(0)
    await expectKind(async () => await (await harness.reader()).lag?.(cancelled()), 'cancelled')
  })
}

function describeChecksum({ describe, it }: Registry, harness: ReaderHarness): void {
  describe('checksum', () => {
    const sumOf = async (rows: readonly FixtureRow[], key?: readonly string[]) => {
      const { reader, schema } = await opened(harness, plainTable(freshName(), key), rows)
      return await reader.checksum?.(schema, never)
    }

    it('is one for equal rows, in whatever order they came, and counts them', async () => {
      const sums = [await sumOf(plainRows(50), []), await sumOf(plainRows(50).reverse(), [])]
      expect(sums[0]?.rows).toBe(50)
      expect(sums[1]).toEqual(sums[0])
    })

    it('is another one after any change of one row', async () => {
      const [first, ...rest] = [...plainRows(50)]
      const variants: readonly FixtureRow[] = [
        ...[
          ['100', 'ab', 'c'],
          ['100', 'a', 'bc'],
          ['100', 'abc', ''],
          ['100', 'abc', null],
          ['100', '', 'abc'],
          ['100', null, 'abc'],
        ],
        ...[
          ['100', 'AB', 'c'],
          ['100', 'ab ', 'c'],
          ['101000', 'ab', 'c'],
        ],
      ]
      const sums = new Set([(await sumOf(rest))?.sum, (await sumOf([...rest, first ?? []]))?.sum])
      for (const row of variants) sums.add((await sumOf([...rest, row]))?.sum)
      expect(sums.size).toBe(variants.length + 2)
    })

    it('is not made when that is aborted', async () => {
      const { reader, schema } = await opened(harness, plainTable(freshName()), plainRows(3))
      await expectKind(async () => await reader.checksum?.(schema, cancelled()), 'cancelled')
    })
  })
}
