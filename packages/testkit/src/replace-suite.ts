import { rowBatch, SyncError } from '@dbsync/core/plugin'
import { expect } from 'vitest'
import type { Registry } from './checks.ts'
import { type FixtureRow, type FixtureTable, freshName, int, ODD_NAME, plainRows, plainTable, words } from './fixture.ts'
import { expectKind, never } from './rows-of.ts'
import { batchOf, type TargetBench, type Writer } from './target-bench.ts'

/** `replace`: the rows become the whole table at the one commit, and nothing is seen before. */
export function describeReplace({ describe, it }: Registry, bench: TargetBench): void {
  for (const key of [['id'], []]) {
    describe(`replace of a table ${key.length > 0 ? 'with' : 'without'} a key`, () => {
      it('shows the old rows until the commit, and then the new ones only', async () => {
        const table = plainTable(freshName(), key)
        await bench.replace(table, plainRows(5))
        const writer = await bench.writer(table, 'replace')
        const rows: FixtureRow[] = [['101', 'changed', 'x'], ...plainRows(2_000, 1_000)]
        for (let start = 0; start < rows.length; start += 300) await writer.send({ upserts: rows.slice(start, start + 300) })
        expect(await bench.rows(table)).toEqual(bench.lines(table, plainRows(5)))
        const receipt = await writer.commit()
        expect(await bench.rows(table)).toEqual(bench.lines(table, rows))
        expect(receipt.inserted + receipt.updated + receipt.unchanged).toBe(rows.length)
      })

      it('makes a table that was not there, at the commit and not before', async () => {
        const table = plainTable(freshName(), key)
        const writer = await bench.writer(table, 'replace')
        await writer.send({ upserts: plainRows(3) })
        expect(await bench.existing(table)).toBeUndefined()
        expect(await writer.commit()).toEqual({ inserted: 3, updated: 0, deleted: 0, unchanged: 0 })
        expect(await bench.rows(table)).toEqual(bench.lines(table, plainRows(3)))
      })

      it('empties the table where no row comes, and makes an empty one where there was none', async () => {
        const table = plainTable(freshName(), key)
        for (const rows of [[], plainRows(4), []]) {
          await bench.replace(table, rows)
          expect(await bench.rows(table)).toEqual(bench.lines(table, rows))
        }
      })

      it('changes nothing without a commit', async () => {
        const [table, absent] = [plainTable(freshName(), key), plainTable(freshName(), key)]
        await bench.replace(table, plainRows(4))
        for (const each of [table, absent]) {
          const writer = await bench.writer(each, 'replace')
          await writer.send({ upserts: plainRows(9, 500) })
          await writer[Symbol.asyncDispose]()
          await writer[Symbol.asyncDispose]()
        }
        expect(await bench.rows(table)).toEqual(bench.lines(table, plainRows(4)))
        expect(await bench.existing(absent)).toBeUndefined()
        await bench.replace(absent, plainRows(1))
        expect(await bench.rows(absent)).toEqual(bench.lines(absent, plainRows(1)))
      })
    })
  }

  describe('replace', () => {
    it('keeps rows that are there twice where there is no key', async () => {
      const table = plainTable(freshName(), [])
      const rows: FixtureRow[] = [...plainRows(2), ...plainRows(3), [...(plainRows(1)[0] ?? [])]]
      for (let times = 0; times < 2; times++) {
        await bench.replace(table, rows)
        expect(await bench.rows(table)).toEqual(bench.lines(table, rows))
      }
    })

    it('takes rows over another way in at the same time, if it has one, and none of them without a commit', async () => {
      const table = plainTable(freshName())
      const { schema } = await bench.work(table, 'replace')
      const rows = plainRows(900)
      for (const commits of [false, true]) {
        const writer = await bench.writer(table, 'replace')
        await writer.send({ upserts: rows.slice(0, 100) })
        const beside = await writer.beside?.()
        if (beside === undefined) return
        const other = async () => {
          for (let start = 100; start < 500; start += 100)
            await beside({ table: schema.table, ...batchOf(schema, { upserts: rows.slice(start, start + 100) }) })
        }
        await Promise.all([other(), writer.send({ upserts: rows.slice(500) })])
        if (commits) expect((await writer.commit()).inserted).toBe(900)
        await writer[Symbol.asyncDispose]()
        if (commits) expect(await bench.rows(table)).toEqual(bench.lines(table, rows))
        else expect(await bench.existing(table)).toBeUndefined()
      }
      expect((await bench.tables()).filter((name) => name.includes(table.name))).toEqual([table.name])
    })

    it('has taken over a batch when `write` resolves: its memory is then used for the next one', async () => {
      const table = plainTable(freshName())
      const { schema } = await bench.work(table, 'replace')
      const writer = await bench.writer(table, 'replace')
      const memory = new Uint8Array(1 << 16)
      for (let start = 100; start < 900; start += 100) {
        const { upserts } = batchOf(schema, { upserts: plainRows(100, start) })
        if (upserts === undefined) throw new Error('no rows')
        memory.set(upserts.bytes)
        await writer.write({ table: schema.table, upserts: rowBatch(upserts.columns, memory.subarray(0, upserts.bytes.length), 100) })
        memory.fill(0xfb)
      }
      await writer.commit()
      expect(await bench.rows(table)).toEqual(bench.lines(table, plainRows(800)))
    })

    it('writes under hostile names of tables and columns', async () => {
      const table: FixtureTable = { name: `${ODD_NAME}${freshName()}`, key: [ODD_NAME], columns: [int(ODD_NAME), words('__proto__'), words('select')] }
      const rows: FixtureRow[] = [['1', 'a', null]]
      for (let times = 0; times < 2; times++) await bench.replace(table, rows)
      expect(await bench.rows(table)).toEqual(bench.lines(table, rows))
      await bench.merge(table, { upserts: [['2', null, 'b']] })
      expect(await bench.rows(table)).toHaveLength(2)
    })

    it('writes as many tables at the same time as it says, each on its own', async () => {
      const tables = Array.from({ length: Math.min(bench.target.supports.concurrentTables, 4) }, () => plainTable(freshName()))
      const writers: Writer[] = []
      for (const table of tables) writers.push(await bench.writer(table, 'replace'))
      for (const start of [0, 100]) await Promise.all(writers.map((writer, i) => writer.send({ upserts: plainRows(10 + i, start) })))
      await Promise.all(writers.map((writer) => writer.commit()))
      for (const [i, table] of tables.entries()) expect(await bench.rows(table)).toHaveLength(2 * (10 + i))
    })

    it('ends with a cancelled error when it is aborted, and the table stays as it was', async () => {
      const table = plainTable(freshName())
      await bench.replace(table, plainRows(2))
      const work = await bench.work(table, 'replace')
      const reason = new SyncError('CANCELLED', 'Stopped.', { kind: 'cancelled' })
      await expectKind(() => bench.target.open(work, AbortSignal.abort(reason)), 'cancelled')
      const stop = new AbortController()
      {
        await using writer = await bench.target.open(work, stop.signal)
        const batch = { table: work.schema.table, ...batchOf(work.schema, { upserts: plainRows(50) }) }
        await writer.write(batch)
        stop.abort(reason)
        await expectKind(async () => {
          await writer.write(batch)
          await writer.commit()
        }, 'cancelled')
      }
      expect(await bench.rows(table)).toEqual(bench.lines(table, plainRows(2)))
      expect(await bench.target.count(work.schema, never)).toBe(2)
    })
  })
}
