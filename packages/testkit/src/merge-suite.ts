import { canDigest, SyncError } from '@dbsync/core/plugin'
import { expect } from 'vitest'
import type { Registry } from './checks.ts'
import { fingerprintsOf } from './digest-suite.ts'
import { type FixtureRow, type FixtureTable, freshName, int, plainRows, plainTable, words } from './fixture.ts'
import { expectKind, whole } from './rows-of.ts'
import { batchOf, type TargetBench } from './target-bench.ts'

const NOTHING = { inserted: 0, updated: 0, deleted: 0, unchanged: 0 }

const DIFFERENCES: readonly (readonly [string, FixtureRow, FixtureRow])[] = [
  ['case', ['1', 'a', null], ['1', 'A', null]],
  ['a trailing space', ['1', 'a', null], ['1', 'a ', null]],
  ['an accent', ['1', 'e', null], ['1', 'é', null]],
  ['NULL and empty text', ['1', 'a', null], ['1', 'a', '']],
  ['empty text and NULL', ['1', 'a', ''], ['1', 'a', null]],
]

/** `merge`: deletes, then upserts, in one transaction per commit. */
export function describeMerge({ describe, it }: Registry, bench: TargetBench): void {
  const { deletes, keylessDeletes } = bench.target.supports

  describe('merge by key', () => {
    it('adds and changes rows, leaves all others alone, and counts exactly', async () => {
      const table = plainTable(freshName())
      await bench.replace(table, plainRows(4))
      const upserts: FixtureRow[] = [
        ['100', 'a100', null],
        ['101', 'changed', null],
        ['102', 'a102', ''],
        ['999', 'new', 'new'],
      ]
      expect(await bench.merge(table, { upserts })).toEqual({ inserted: 1, updated: 2, deleted: 0, unchanged: 1 })
      const after = [...upserts, ...plainRows(1, 103)]
      expect(await bench.rows(table)).toEqual(bench.lines(table, after))
      expect(await bench.merge(table, { upserts })).toEqual({ ...NOTHING, unchanged: 4 })
      expect(await bench.rows(table)).toEqual(bench.lines(table, after))
    })

    for (const [what, before, after] of DIFFERENCES) {
      it(`sees a difference of ${what}`, async () => {
        const table = plainTable(freshName())
        await bench.replace(table, [before])
        expect(await bench.merge(table, { upserts: [after] })).toEqual({ ...NOTHING, updated: 1 })
        expect(await bench.rows(table)).toEqual(bench.lines(table, [after]))
      })
    }

    it('shows nothing and keeps nothing without a commit', async () => {
      const table = plainTable(freshName())
      await bench.replace(table, plainRows(4))
      const writer = await bench.writer(table, 'merge')
      await writer.send({ upserts: [['100', 'changed', null], ...plainRows(500, 700)] })
      if (deletes) await writer.send({ deletes: [['101']] })
      expect(await bench.rows(table)).toEqual(bench.lines(table, plainRows(4)))
      await writer[Symbol.asyncDispose]()
      await writer[Symbol.asyncDispose]()
      expect(await bench.rows(table)).toEqual(bench.lines(table, plainRows(4)))
    })

    it('commits again and again with one writer, and what was committed stays', async () => {
      const table = plainTable(freshName())
      await bench.replace(table, [])
      const writer = await bench.writer(table, 'merge')
      expect(await writer.commit()).toEqual(NOTHING)
      for (const start of [0, 100, 200]) {
        await writer.send({ upserts: plainRows(10, start) })
        expect(await writer.commit()).toEqual({ ...NOTHING, inserted: 10 })
      }
      expect(await writer.commit()).toEqual(NOTHING)
      await writer.send({ upserts: plainRows(10, 900) })
      await writer[Symbol.asyncDispose]()
      expect(await bench.rows(table)).toHaveLength(30)
    })

    it('ends with a cancelled error when it is aborted, and the table stays as it was', async () => {
      const table = plainTable(freshName())
      await bench.replace(table, plainRows(2))
      const work = await bench.work(table, 'merge')
      const stop = new AbortController()
      {
        await using writer = await bench.target.open(work, stop.signal)
        const batch = { table: work.schema.table, ...batchOf(work.schema, { upserts: plainRows(50) }) }
        await writer.write(batch)
        stop.abort(new SyncError('CANCELLED', 'Stopped.', { kind: 'cancelled' }))
        await expectKind(async () => {
          await writer.write(batch)
          await writer.commit()
        }, 'cancelled')
      }
      expect(await bench.rows(table)).toEqual(bench.lines(table, plainRows(2)))
    })

    it('takes nothing more once it is disposed', async () => {
      const table = plainTable(freshName())
      await bench.replace(table, plainRows(2))
      for (const disposition of ['merge', 'replace'] as const) {
        const writer = await bench.writer(table, disposition)
        await writer.send({ upserts: plainRows(3, 500) })
        await writer[Symbol.asyncDispose]()
        await expect(writer.send({ upserts: plainRows(3, 600) })).rejects.toBeInstanceOf(Error)
        await expect(writer.commit()).rejects.toBeInstanceOf(Error)
      }
      expect(await bench.rows(table)).toEqual(bench.lines(table, plainRows(2)))
    })

    if (!deletes) return
    it('deletes first and upserts then, in one commit, in whichever order they come', async () => {
      const table = plainTable(freshName())
      for (const order of ['deletes first', 'upserts first', 'one batch']) {
        await bench.replace(table, plainRows(5))
        const writer = await bench.writer(table, 'merge')
        const upserts: FixtureRow[] = [['101', 'again', null], ...plainRows(1, 700)]
        const gone: FixtureRow[] = [['100'], ['101'], ['7777']]
        if (order === 'one batch') await writer.send({ upserts, deletes: gone })
        else for (const part of order === 'deletes first' ? [{ deletes: gone }, { upserts }] : [{ upserts }, { deletes: gone }]) await writer.send(part)
        await writer.commit()
        expect(await bench.rows(table), order).toEqual(bench.lines(table, [...upserts, ...plainRows(3, 102)]))
        await writer[Symbol.asyncDispose]()
      }
    })

    it('counts what it deleted, and leaves the same table when the batch comes twice', async () => {
      const table = plainTable(freshName())
      await bench.replace(table, plainRows(5))
      const changes = { deletes: [['100'], ['7777']], upserts: plainRows(2, 103) }
      expect(await bench.merge(table, changes)).toEqual({ ...NOTHING, deleted: 1, unchanged: 2 })
      expect(await bench.merge(table, changes)).toEqual({ ...NOTHING, unchanged: 2 })
      expect(await bench.rows(table)).toEqual(bench.lines(table, plainRows(4, 101)))
    })

    it('takes keys of several columns in the order of the key', async () => {
      const table: FixtureTable = { name: freshName(), key: ['w', 'id'], columns: [int('id'), { ...words('w'), nullable: false }, words('b')] }
      const rows: FixtureRow[] = ['1', '2'].flatMap((id) => ['1', '2', "x'\\"].map((w): FixtureRow => [id, w, null]))
      await bench.replace(table, rows)
      expect(
        await bench.merge(table, {
          deletes: [
            ['2', '1'],
            ["x'\\", '2'],
          ],
          upserts: [['2', '2', 'changed']],
        }),
      ).toEqual({ ...NOTHING, deleted: 2, updated: 1 })
      const left = rows.filter(([id, w]) => !(id === '1' && w === '2') && !(id === '2' && w === "x'\\"))
      expect(await bench.rows(table)).toEqual(
        bench.lines(
          table,
          left.map(([id = null, w = null, b = null]) => [id, w, id === '2' && w === '2' ? 'changed' : b]),
        ),
      )
    })
  })

  const row = (text: string | null): FixtureRow => ['1', text, null]
  if (bench.target.supports.addsOnce) {
    it('adds rows without a key as often as one batch has them, and not again when they come again', async () => {
      const table = plainTable(freshName(), [])
      await bench.replace(table, [row('a'), row('b')])
      const upserts = [row('a'), row('a'), row(null)]
      for (let times = 0; times < 2; times++) {
        await bench.merge(table, { upserts })
        expect(await bench.rows(table)).toEqual(bench.lines(table, [...upserts, row('b')]))
      }
      await bench.merge(table, { upserts: [row('a')] })
      expect(await bench.rows(table)).toEqual(bench.lines(table, [...upserts, row('b')]))
    })
  }

  if (!keylessDeletes) return
  describe('merge without a key', () => {
    /** The hash of each row of the table, by how often it is there. */
    const hashesOf = async (table: FixtureTable) => {
      const schema = await bench.existing(table)
      if (schema === undefined || !canDigest(bench.target)) throw new Error('a target that deletes by hash has fingerprints')
      return new Map((await fingerprintsOf(bench.target, schema, [whole(schema)])).map(([hash = '', count = '']) => [count, hash]))
    }

    it('adds every row that comes, as often as it comes', async () => {
      const table = plainTable(freshName(), [])
      await bench.replace(table, [row('a')])
      expect((await bench.merge(table, { upserts: [row('a'), row('a'), row(null)] })).inserted).toBe(3)
      expect(await bench.rows(table)).toEqual(bench.lines(table, [row('a'), row('a'), row('a'), row(null)]))
    })

    it('deletes every row with a hash, then adds, and leaves the same table when the batch comes twice', async () => {
      const table = plainTable(freshName(), [])
      await bench.replace(table, [row('a'), row('a'), row('a'), row('b'), row('b'), row('')])
      const hashes = await hashesOf(table)
      const [thrice = '', once = ''] = [hashes.get('3'), hashes.get('1')]
      const changes = { deletes: [[thrice], [once], ['12345']], upserts: [row('a'), row('a')] }
      for (let times = 0; times < 2; times++) {
        await bench.merge(table, changes)
        expect(await bench.rows(table)).toEqual(bench.lines(table, [row('a'), row('a'), row('b'), row('b')]))
      }
    })

    it('changes nothing without a commit', async () => {
      const table = plainTable(freshName(), [])
      await bench.replace(table, [row('a')])
      const writer = await bench.writer(table, 'merge')
      await writer.send({ deletes: [[(await hashesOf(table)).get('1') ?? '']], upserts: [row('b')] })
      await writer[Symbol.asyncDispose]()
      expect(await bench.rows(table)).toEqual(bench.lines(table, [row('a')]))
    })
  })
}
