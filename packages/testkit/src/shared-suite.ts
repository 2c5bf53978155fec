import { canDigest } from '@dbsync/core/plugin'
import { expect } from 'vitest'
import type { Registry } from './checks.ts'
import { type FixtureRow, freshName, plainRows, plainTable } from './fixture.ts'
import { neighbours } from './purge-suite.ts'
import { never, whole } from './rows-of.ts'
import type { TargetBench, TargetUnderTest } from './target-bench.ts'

/** The tables of all databases are the same ones: nobody sees or changes the rows of a neighbour. */
export function describeShared({ describe, it }: Registry, under: TargetUnderTest): void {
  const { target } = under
  const { stays, leaves, enter } = neighbours(under)
  const mine: readonly FixtureRow[] = plainRows(5)
  const theirs: readonly FixtureRow[] = [
    ['100', 'theirs', null],
    ['101', 'theirs', ''],
    ['900', 'theirs', null],
  ]

  describe('shared tables', () => {
    for (const key of [['id'], []]) {
      const kind = key.length > 0 ? 'with' : 'without'
      const put = async () => {
        await enter()
        const table = plainTable(freshName(), key)
        await stays.replace(table, mine)
        await leaves.replace(table, theirs)
        return table
      }

      it(`show each database its own rows, ${kind} a key`, async () => {
        const table = await put()
        for (const [bench, rows] of [
          [stays, mine],
          [leaves, theirs],
        ] as const) {
          expect(await bench.rows(table)).toEqual(bench.lines(table, rows))
          const schema = await bench.existing(table)
          if (schema === undefined) throw new Error(`table ${table.name} is not there`)
          expect(await target.count(schema, never)).toBe(rows.length)
          if (canDigest(target)) expect((await target.digest(schema, [whole(schema)], never))[0]?.rows).toBe(rows.length)
        }
      })

      it(`keep the rows of a neighbour when others are written, ${kind} a key`, async () => {
        const table = await put()
        const untouched = async (bench: TargetBench, rows: readonly FixtureRow[]) => expect(await bench.rows(table)).toEqual(bench.lines(table, rows))
        await stays.merge(table, {
          upserts: [
            ['101', 'changed', null],
            ['901', 'new', null],
          ],
        })
        await untouched(leaves, theirs)
        if (key.length > 0 && target.supports.deletes) {
          expect(await stays.merge(table, { deletes: [['100'], ['900']] })).toMatchObject({ deleted: 1 })
          await untouched(leaves, theirs)
        }
        await target.run(target.render({ type: 'drop-table', table: (await stays.wanted(table)).table }), never)
        await untouched(leaves, theirs)
        await stays.replace(table, [])
        await untouched(leaves, theirs)
        await stays.replace(table, mine)
        await leaves.replace(table, plainRows(1))
        await untouched(stays, mine)
      })
    }
  })
}
