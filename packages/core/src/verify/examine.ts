import { hash } from 'node:crypto'
import type { RowRange } from '../contract/reader.ts'
import { canDigest } from '../contract/reader.ts'
import { keyColumns } from '../model/schema.ts'
import { collect, groupsOf, keyText, packKeys } from '../run/fingerprints.ts'
import { type Ends, keyedRowsOf } from './read-rows.ts'

/** One row that differs, packed as it was read from both ends: valid until the next one is asked for. */
export type Found = {
  readonly key: Uint8Array
  readonly kind: 'missing' | 'extra' | 'changed'
  readonly source: Uint8Array | undefined
  readonly target: Uint8Array | undefined
  /** Changes when either end's row does. */
  readonly signature: string
}

/** Reads these rows from both ends and yields those that are not equal, byte for byte; a batch of the source and its counterpart at a time. */
export async function* examine(ends: Ends, keys: readonly Uint8Array[]): AsyncIterable<Found> {
  const { source, target, schema, wanted, batchRows, batchBytes, signal } = ends
  const limits = { batchRows, batchBytes, signal }
  for (const group of groupsOf(keys, 1_000)) {
    const left = new Map(group.map((key) => [keyText(key), key]))
    for (const packed of packKeys(schema, group)) {
      for await (const batch of source.read({ schema, keys: packed, ...limits })) {
        const theirs = [...keyedRowsOf(batch, schema)]
        for (const { key } of theirs) if (!left.delete(keyText(key))) yield twice(key)
        yield* pairs(ends, theirs)
      }
    }
    // What the source does not have is extra, if the target has it. Only its key is asked for.
    const keyOnly = { ...wanted, columns: keyColumns(wanted) }
    for (const packed of packKeys(schema, [...left.values()])) {
      for await (const batch of target.read({ schema: keyOnly, keys: packed, ...limits })) {
        for (const { key } of keyedRowsOf(batch, keyOnly)) {
          yield { key: Uint8Array.from(key), kind: 'extra', source: undefined, target: undefined, signature: 'extra' }
        }
      }
    }
  }
}

/** Two rows whose keys read alike, such as two characters that Unicode has not: no copy that goes by keys can hold both. */
const twice = (key: Uint8Array): Found => ({ key: Uint8Array.from(key), kind: 'changed', source: undefined, target: undefined, signature: 'twice' })

type KeyedRow = { readonly key: Uint8Array; readonly bytes: Uint8Array }

async function* pairs({ target, schema, wanted, batchRows, batchBytes, signal }: Ends, theirs: readonly KeyedRow[]): AsyncIterable<Found> {
  const waiting = new Map(theirs.map((row) => [keyText(row.key), row]))
  const keys = theirs.map(({ key }) => key)
  for (const packed of packKeys(schema, keys)) {
    for await (const batch of target.read({ schema: wanted, keys: packed, batchRows, batchBytes, signal })) {
      for (const { key, bytes } of keyedRowsOf(batch, wanted)) {
        const name = keyText(key)
        const row = waiting.get(name)
        if (row === undefined) {
          yield twice(key)
          continue
        }
        waiting.delete(name)
        if (Buffer.compare(row.bytes, bytes) === 0) continue
        yield { key: Uint8Array.from(row.key), kind: 'changed', source: row.bytes, target: bytes, signature: `${sha(row.bytes)}${sha(bytes)}` }
      }
    }
  }
  for (const { key, bytes } of waiting.values()) {
    yield { key: Uint8Array.from(key), kind: 'missing', source: bytes, target: undefined, signature: sha(bytes) }
  }
}

const sha = (bytes: Uint8Array): string => hash('sha1', bytes, 'base64')

/** Of these keys those whose hashes differ: for values that have one text and are not the same. */
export async function hashedApart(
  { source, target, schema, wanted, signal }: Ends,
  keys: readonly Uint8Array[],
  ranges: readonly RowRange[],
): Promise<Uint8Array[]> {
  if (keys.length === 0 || ranges.length === 0 || !canDigest(source) || !canDigest(target)) return []
  const [theirs, ours] = await Promise.all([
    collect(source.fingerprints(schema, ranges, signal), schema),
    collect(target.fingerprints(wanted, ranges, signal), wanted),
  ])
  return keys.filter((key) => {
    const [a, b] = [theirs.get(keyText(key))?.hash, ours.get(keyText(key))?.hash]
    return typeof a === 'string' && typeof b === 'string' && a !== b
  })
}
