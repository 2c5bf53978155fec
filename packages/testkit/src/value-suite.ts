import { canDigest, storedColumns } from '@dbsync/core/plugin'
import { expect } from 'vitest'
import type { Registry } from './checks.ts'
import { fingerprintsOf } from './digest-suite.ts'
import { type FixtureRow, type FixtureTable, freshName } from './fixture.ts'
import { opened, type ReaderHarness } from './reader-suite.ts'
import { expected, rowsOf, whole } from './rows-of.ts'
import { type CorpusColumn, typeName } from './value-corpus.ts'

/** Each type's edge values are read as they were put there, and no two of them have the same hash. */
export function describeValues({ describe, it }: Registry, harness: ReaderHarness, corpus: readonly CorpusColumn[]): void {
  describe('values', () => {
    for (const { values, ...column } of corpus) {
      it(`keeps every ${typeName(column.type)}`, async () => {
        const table: FixtureTable = { name: freshName(), key: [], columns: [{ ...column, name: 'v', nullable: true }] }
        const rows: FixtureRow[] = [...values, null].map((value) => [value])
        const { reader, schema } = await opened(harness, table, rows)
        expect(await rowsOf(reader, { schema })).toEqual(expected(storedColumns(schema), rows))
        if (!canDigest(reader)) return
        const fingerprints = await fingerprintsOf(reader, schema, [whole(schema)])
        expect(fingerprints).toHaveLength(rows.length)
      })
    }
  })
}
