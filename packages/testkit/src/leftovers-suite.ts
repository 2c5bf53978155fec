import { expect } from 'vitest'
import type { Registry } from './checks.ts'
import { freshName, ODD_NAME, plainRows, plainTable } from './fixture.ts'
import { never } from './rows-of.ts'
import { batchOf, type TargetBench } from './target-bench.ts'

const KILLED = [
  ['a full copy', 'replace', true],
  ['a full copy of a table that was not there', 'replace', false],
  ['a merge', 'merge', true],
] as const

/** What a killed run leaves is found by the next one, and the statements that it gets put everything right. */
export function describeLeftovers({ describe, it }: Registry, bench: TargetBench): void {
  const { target, database } = bench
  const tables = async () => (await target.describe(database)).map(({ table }) => table.name).sort()

  describe('leftovers', () => {
    for (const [what, disposition, there] of KILLED) {
      it(`of ${what} that was never committed go, and nothing else`, async () => {
        const table = plainTable(there ? `${ODD_NAME}${freshName()}` : freshName())
        if (there) await bench.replace(table, plainRows(3))
        const work = await bench.work(table, disposition)
        const [before, present] = [await tables(), await bench.tables()]
        const killed = await bench.another()
        const writer = await killed.open(work, never)
        await writer.write({ table: work.schema.table, ...batchOf(work.schema, { upserts: plainRows(2_000) }) })
        // The staging tables of a run that is under way are never taken for tables.
        expect((await tables()).filter((name) => target.reserved?.(name) !== true)).toEqual(before)
        await killed[Symbol.asyncDispose]()

        await target.run(await target.leftovers(database), never)
        expect(await target.leftovers(database)).toEqual([])
        expect(await tables()).toEqual(before)
        expect(await bench.tables()).toEqual(present)
        expect(there ? await bench.rows(table) : []).toEqual(bench.lines(table, there ? plainRows(3) : []))
        await bench.replace(table, plainRows(2))
        expect(await bench.rows(table)).toEqual(bench.lines(table, plainRows(2)))
      })
    }

    it('are none after a run that ended well, or was disposed without a commit', async () => {
      const table = plainTable(freshName())
      await bench.replace(table, plainRows(3))
      const present = await bench.tables()
      await bench.merge(table, { upserts: plainRows(1, 500) })
      const writer = await bench.writer(table, 'replace')
      await writer.send({ upserts: plainRows(5) })
      await writer[Symbol.asyncDispose]()
      expect(await target.leftovers(database)).toEqual([])
      expect(await bench.tables()).toEqual(present)
      expect(await bench.rows(table)).toHaveLength(4)
    })
  })
}
