import { expect } from 'vitest'
import { onCheckFinished, type Registry } from './checks.ts'
import { type FixtureRow, type FixtureTable, freshName, ODD_NAME, plainRows, plainTable } from './fixture.ts'
import { never } from './rows-of.ts'
import { type TargetUnderTest, targetBench } from './target-bench.ts'

/** Two databases in the same tables; what a check puts into the one that leaves goes with the check. */
export function neighbours(under: TargetUnderTest) {
  const { target, database } = under
  const leaving = `${database}_'${ODD_NAME}`
  const purge = async () => (await target.purge?.(leaving, never)) ?? []
  const carryOut = async () => {
    for (const { statements } of await purge()) await target.run(statements, never)
  }
  return {
    stays: targetBench(under),
    leaves: targetBench({ ...under, database: leaving }),
    purge,
    carryOut,
    enter: async () => {
      const made = (await target.databases()).includes(leaving)
      if (!made) await target.run(target.render({ type: 'create-database', database: leaving }), never)
      onCheckFinished(carryOut)
    },
  }
}

/** A database leaves: everything that shared tables have of it goes, and nothing of anybody else. */
export function describePurge({ describe, it }: Registry, under: TargetUnderTest): void {
  const { target } = under
  const { stays, leaves, purge, carryOut, enter } = neighbours(under)
  /** What the database that leaves still shows of a table. */
  const left = async (table: FixtureTable) => ((await leaves.existing(table)) === undefined ? [] : await leaves.rows(table))
  const put = async (table: FixtureTable, kept: readonly FixtureRow[], gone: readonly FixtureRow[]) => {
    await stays.replace(table, kept)
    await leaves.replace(table, gone)
  }

  describe('purge', () => {
    it('finds the rows of every table, and writes nothing', async () => {
      await enter()
      const [one, two, empty] = [plainTable(freshName()), plainTable(ODD_NAME + freshName()), plainTable(freshName())]
      await put(one, plainRows(2), plainRows(3))
      await put(two, plainRows(1), plainRows(4))
      await put(empty, plainRows(1), [])
      const found = await purge()
      expect(new Set(found.map(({ rows }) => rows))).toEqual(new Set([3, 4]))
      expect(found.every(({ statements, table }) => statements.length > 0 && table !== '')).toBe(true)
      expect(await leaves.rows(two)).toEqual(leaves.lines(two, plainRows(4)))
    })

    it('removes them, and no row of another database', async () => {
      await enter()
      const table = plainTable(freshName())
      await put(table, plainRows(5), plainRows(7))
      await carryOut()
      expect(await purge()).toEqual([])
      expect(await left(table)).toEqual([])
      expect(await stays.rows(table)).toEqual(stays.lines(table, plainRows(5)))
      // It may come back one day.
      await leaves.replace(table, plainRows(2))
      expect(await leaves.rows(table)).toEqual(leaves.lines(table, plainRows(2)))
    })

    it('is finished by statements that are found after a part of them was run', async () => {
      await enter()
      const tables = [plainTable(freshName()), plainTable(freshName())]
      for (const table of tables) await put(table, plainRows(1), plainRows(2))
      const [first] = await purge()
      await target.run(first?.statements ?? [], never)
      await target.run(first?.statements ?? [], never)
      await carryOut()
      expect(await purge()).toEqual([])
      for (const table of tables) expect([await left(table), await stays.rows(table)]).toEqual([[], stays.lines(table, plainRows(1))])
    })
  })
}
