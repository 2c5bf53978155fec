import type { RowRange, TableReader } from '../contract/reader.ts'
import type { Batch } from '../model/batch.ts'
import { keyColumns, type TableSchema } from '../model/schema.ts'
import type { Comparison, Finding, HashCounts } from './compare.ts'
import { keyText, packedRowsOf, packHashes, packKeys } from './fingerprints.ts'

/** These rows as a finding, whether they differ or not: who has them is asked of both ends. */
export async function findingOf(comparison: Comparison, keys: readonly Uint8Array[]): Promise<Finding> {
  const { source, target, schema, wanted } = comparison
  const [theirs, ours] = await Promise.all([keysThere(comparison, source, schema, keys), keysThere(comparison, target, wanted, keys)])
  const at = (inSource: boolean, inTarget: boolean) => keys.filter((key) => theirs.has(keyText(key)) === inSource && ours.has(keyText(key)) === inTarget)
  return { kind: 'keys', missing: at(true, false), changed: at(true, true), unsure: [], extra: at(false, true), ranges: [] }
}

async function keysThere({ batchRows, batchBytes, signal }: Comparison, reader: TableReader, schema: TableSchema, keys: readonly Uint8Array[]) {
  const found = new Set<string>()
  const keyed = { ...schema, columns: keyColumns(schema) }
  for (const some of packKeys(schema, keys)) {
    for await (const batch of reader.read({ schema: keyed, keys: some, batchRows, batchBytes, signal })) {
      for (const key of packedRowsOf(batch)) found.add(keyText(key))
    }
  }
  return found
}

/** The deletes of a finding, and its rows as the source has them. */
export async function* batchesOf(comparison: Comparison, finding: Finding): AsyncIterable<Batch> {
  const { source, schema, wanted, batchRows, batchBytes, signal } = comparison
  const limits = { batchRows, batchBytes, signal }
  const { table } = wanted
  switch (finding.kind) {
    case 'range':
      for await (const upserts of source.read({ schema, range: finding.range, ...limits })) {
        comparison.compared?.(upserts.rowCount)
        yield { table, upserts }
      }
      return
    case 'keys':
      for (const deletes of packKeys(schema, finding.extra)) yield { table, deletes }
      for (const keys of packKeys(schema, [...finding.missing, ...finding.changed, ...finding.unsure])) {
        for await (const upserts of source.read({ schema, keys, ...limits })) yield { table, upserts }
      }
      return
    case 'hashes':
      for (const deletes of packHashes(tooMany(finding.rows))) yield { table, deletes }
      for (const [copies, hashes] of copiesMissing(finding.rows)) {
        for (const keys of packHashes(hashes)) {
          for await (const upserts of source.read({ schema, keys, ...limits })) {
            for (let copy = 0; copy < copies; copy++) yield { table, upserts }
          }
        }
      }
  }
}

/** Too many of one kind: all of them go, and as many as there should be come back. */
const tooMany = (rows: readonly HashCounts[]) => rows.filter(({ source, target }) => target > source).map(({ hash }) => hash)

function copiesMissing(rows: readonly HashCounts[]): ReadonlyMap<number, string[]> {
  const missing = new Map<number, string[]>()
  for (const { hash, source, target } of rows) {
    const copies = target > source ? source : source - target
    if (copies > 0) missing.set(copies, [...(missing.get(copies) ?? []), hash])
  }
  return missing
}

/** What writing a finding does to the target's rows, and about how much memory the finding takes. */
export type Effect = { readonly deleted: number; readonly overwritten: number; readonly bytes: number }

export function effectOf(finding: Finding): Effect {
  switch (finding.kind) {
    case 'range':
      return { deleted: 0, overwritten: 0, bytes: sizeOf(finding.range) }
    case 'keys': {
      const { missing, changed, unsure, extra } = finding
      const keys = missing.length + changed.length + unsure.length + extra.length
      const [first] = [...missing, ...changed, ...unsure, ...extra]
      return { deleted: extra.length, overwritten: changed.length, bytes: keys * ((first?.length ?? 0) + 100) }
    }
    case 'hashes':
      return {
        deleted: finding.rows.reduce((sum, { source, target }) => sum + Math.max(0, target - source), 0),
        overwritten: 0,
        bytes: finding.rows.length * 150,
      }
  }
}

const sizeOf = (range: RowRange): number => (range.by === 'hash' ? 100 : 100 + [...(range.from ?? []), ...(range.to ?? [])].join('').length)
