import { createHash } from 'node:crypto'
import { canDigest, keptBy, type TableReader } from '../contract/reader.ts'
import type { Comparison, Finding } from '../run/compare.ts'
import { findings, type HashCounts, isHopeless, survey } from '../run/compare.ts'
import { collect, keyBytes, keyText, packedRowsOf, packHashes } from '../run/fingerprints.ts'
import { examine, hashedApart } from './examine.ts'
import { countRows, type Ends, keyedRows, keylessRows, pause, type RowCounts, rowsWith } from './read-rows.ts'
import type { RowDifference, VerifyLevel } from './report.ts'
import { hasKey, mayReadAlike, type Tally } from './tally.ts'

/** Keys of rows that look different and are looked at again together. */
const SUSPECTS = 10_000
/** Before the second look; tripled from look to look. */
const PAUSE_MS = 80
const LOOKS = 5

/** How rows that look different are looked at again before they are called so. */
export interface SecondLook {
  /** A newer moment of the source; the target is read as it is anyway. */
  open(): Promise<TableReader & AsyncDisposable>
  /** Somebody writes to the target: what differs now may be about to change. */
  busy(): Promise<boolean>
}

/**
 * Compares one table and counts into `tally`. Without a second look what differs is different: nobody else may write then.
 * Returns the level that was used.
 */
export async function compareTable(ends: Ends, level: VerifyLevel, tally: Tally, again: SecondLook | undefined): Promise<VerifyLevel> {
  const counting: Ends = {
    ...ends,
    source: keptBy(ends.target, ends.source),
    compared: (rows) => {
      tally.rowsCompared += rows
      ends.compared?.(rows)
    },
  }
  if (level === 'count') {
    await compareCounts(counting, tally, again)
    return 'count'
  }
  if (level === 'checksum' && (await haveOneChecksum(counting))) return 'checksum'
  const digests = level === 'rows' ? undefined : digesting(counting)
  if (digests !== undefined) {
    const seen = await survey(digests)
    if (!isHopeless(seen, ends.schema)) {
      await confirm(counting, findings(digests, seen), tally, again)
      return 'digest'
    }
    tally.rowsCompared = 0
  }
  if (hasKey(ends.schema)) await confirm(counting, keyedRows(counting), tally, again)
  else for await (const rows of keylessRows(counting)) await confirmRows(counting, rows, tally, again)
  return 'rows'
}

/** Where they have not, digests tell what differs. One statement sums a whole table: nothing could slow it down. */
async function haveOneChecksum({ source, target, schema, wanted, pace, signal, compared }: Ends): Promise<boolean> {
  if (pace !== undefined) return false
  const [theirs, ours] = await Promise.all([source.checksum?.(schema, signal), target.checksum?.(wanted, signal)])
  if (theirs === undefined || theirs.sum !== ours?.sum || theirs.rows !== ours.rows) return false
  compared?.(theirs.rows)
  return true
}

function digesting(ends: Ends): Comparison | undefined {
  const { source, target } = ends
  return canDigest(source) && canDigest(target) ? { ...ends, source, target } : undefined
}

/** Each time with a newer moment of the source, until nothing differs or nothing moves any more. */
async function looks(ends: Ends, again: SecondLook | undefined, look: (ends: Ends) => Promise<string | undefined>): Promise<void> {
  let before: string | undefined
  for (let attempt = 1; ; attempt++) {
    const now = await lookOnce(ends, again, look)
    if (now === undefined || again === undefined || attempt === LOOKS) return
    if (now === before && !(await again.busy())) return
    before = now
    await pause(PAUSE_MS * 3 ** (attempt - 1), ends.signal)
  }
}

async function lookOnce(ends: Ends, again: SecondLook | undefined, look: (ends: Ends) => Promise<string | undefined>): Promise<string | undefined> {
  if (again === undefined) return await look(ends)
  await using source = await again.open()
  return await look({ ...ends, source: keptBy(ends.target, source) })
}

async function compareCounts(ends: Ends, tally: Tally, again: SecondLook | undefined): Promise<void> {
  let counts: readonly [number, number] = [0, 0]
  const count = async ({ source, target, schema, wanted, signal }: Ends) => {
    counts = await Promise.all([source.count(schema, signal), target.count(wanted, signal)])
    return counts[0] === counts[1] ? undefined : counts.join()
  }
  if ((await count(ends)) !== undefined && again !== undefined) {
    const difference = Math.abs(counts[0] - counts[1])
    await looks(ends, again, count)
    tally.settled += Math.max(0, difference - Math.abs(counts[0] - counts[1]))
  }
  ends.compared?.(counts[0])
  tally.countRows(...counts)
}

async function confirm(ends: Ends, found: AsyncIterable<Finding>, tally: Tally, again: SecondLook | undefined): Promise<void> {
  let suspects: Suspects = emptySuspects()
  let portions = 0
  const settle = async () => {
    // A table in which so much differs is different: no need to wait for the rest of it to settle.
    if (suspects.keys.size > 0) await confirmKeys(ends, suspects, tally, ++portions > 2 ? undefined : again)
    suspects = emptySuspects()
  }
  for await (const finding of found) {
    switch (finding.kind) {
      case 'hashes':
        if (finding.rows.length > 0) await confirmHashes(ends, finding.rows, tally, ++portions > 2 ? undefined : again)
        break
      case 'range':
        for (const key of await keysOfRange(ends, finding)) {
          suspects.keys.set(keyText(key), key)
          if (suspects.keys.size >= SUSPECTS) await settle()
        }
        ends.compared?.(finding.rows)
        break
      case 'keys':
        for (const key of [...finding.missing, ...finding.extra, ...finding.unsure, ...finding.changed]) suspects.keys.set(keyText(key), key)
        for (const key of finding.changed) suspects.hashedApart.add(keyText(key))
        if (finding.changed.length > 0) suspects.ranges.push(...finding.ranges)
        if (suspects.keys.size >= SUSPECTS) await settle()
    }
  }
  await settle()
}

type Suspects = {
  readonly keys: Map<string, Uint8Array>
  readonly hashedApart: Set<string>
  readonly ranges: Extract<Finding, { kind: 'keys' }>['ranges'][number][]
}
const emptySuspects = (): Suspects => ({ keys: new Map(), hashedApart: new Set(), ranges: [] })

async function keysOfRange({ source, schema, signal }: Ends, { range }: Extract<Finding, { kind: 'range' }>): Promise<readonly Uint8Array[]> {
  const rows = await collect(source.fingerprints?.(schema, [range], signal) ?? none(), schema)
  return [...rows.keys()].map(keyBytes)
}

async function confirmKeys(ends: Ends, suspects: Suspects, tally: Tally, again: SecondLook | undefined): Promise<void> {
  let keys = [...suspects.keys.values()]
  const before = keys.length
  let rows: RowDifference[] = []
  let alike: readonly Uint8Array[] = []
  await looks(ends, again, async (fresh) => {
    rows = []
    const signature = createHash('sha1')
    // Rows whose keys read alike are found more than once, and are one difference.
    const still = new Map<string, Uint8Array>()
    for await (const found of examine(fresh, keys)) {
      signature.update(found.signature)
      const name = keyText(found.key)
      if (still.has(name)) continue
      still.set(name, found.key)
      rows.push(tally.describe(found, rows.length < tally.room))
    }
    alike = mayReadAlike(ends.schema) ? await readAlike(fresh, suspects, keys, still) : []
    keys = [...still.values(), ...alike]
    return keys.length === 0 ? undefined : signature.digest('base64')
  })
  tally.remember(keys)
  for (const row of rows) tally.count(row)
  for (const key of alike) tally.countAlike(key)
  tally.settled += before - keys.length
}

/** Rows that digests tell apart and reading does not. */
async function readAlike(
  ends: Ends,
  suspects: Suspects,
  keys: readonly Uint8Array[],
  different: ReadonlyMap<string, Uint8Array>,
): Promise<readonly Uint8Array[]> {
  const equal = keys.filter((key) => !different.has(keyText(key)) && suspects.hashedApart.has(keyText(key)))
  return await hashedApart(ends, equal, suspects.ranges)
}

/** Rows of a table without a key, by their 64-bit hashes. */
async function confirmHashes(ends: Ends, suspects: readonly HashCounts[], tally: Tally, again: SecondLook | undefined): Promise<void> {
  let rows = suspects
  if (again !== undefined) {
    await looks(ends, again, async ({ source, target, schema, wanted, signal }) => {
      const ranges = rows.map(({ hash }) => ({ by: 'hash' as const, from: hash, to: String(BigInt(hash) + 1n) }))
      const [theirs, ours] = await Promise.all([
        collect(source.fingerprints?.(schema, ranges, signal) ?? none(), schema),
        collect(target.fingerprints?.(wanted, ranges, signal) ?? none(), wanted),
      ])
      rows = rows
        .map(({ hash }) => ({ hash, source: theirs.get(hash)?.count ?? 0, target: ours.get(hash)?.count ?? 0 }))
        .filter((row) => row.source !== row.target)
      return rows.length === 0 ? undefined : JSON.stringify(rows)
    })
  }
  tally.settled += Math.max(0, copiesApart(suspects) - copiesApart(rows))
  const shown = await rowsWithHashes(ends, rows.slice(0, tally.room))
  for (const row of rows) tally.countCopies(shown.get(row.hash), row)
}

/** Every copy counts that one end has more of a row. */
const copiesApart = (rows: readonly (HashCounts | RowCounts)[]): number => rows.reduce((sum, { source, target }) => sum + Math.abs(source - target), 0)

async function* none(): AsyncGenerator<never> {}

/** Packed rows by hash, from the end that has more of them. A read does not say which row has which hash: it is one of those that are there as often. */
async function rowsWithHashes(ends: Ends, rows: readonly HashCounts[]): Promise<ReadonlyMap<string, Uint8Array>> {
  const { source, target, schema, wanted, batchRows, batchBytes, signal } = ends
  const found = new Map<string, Uint8Array>()
  for (const group of Map.groupBy(rows, (row) => `${row.source}/${row.target}`).values()) {
    const [first] = group
    const [reader, table] = (first?.source ?? 0) > (first?.target ?? 0) ? [source, schema] : [target, wanted]
    const left = group.map(({ hash }) => hash)
    for (const keys of packHashes(left)) {
      for await (const batch of reader.read({ schema: table, keys, batchRows, batchBytes, signal })) {
        for (const bytes of packedRowsOf(batch)) {
          const hash = left.shift()
          if (hash !== undefined) found.set(hash, bytes)
        }
      }
    }
  }
  return found
}

/** Rows of a table without a key, as they were read. */
async function confirmRows(ends: Ends, suspects: readonly RowCounts[], tally: Tally, again: SecondLook | undefined): Promise<void> {
  let rows = suspects
  if (again !== undefined) {
    await looks(ends, again, async (fresh) => {
      const wanted = new Set(rows.map(({ sha }) => sha))
      rows = await countRows(fresh, (sha) => wanted.has(sha.toString('latin1')))
      return rows.length === 0 ? undefined : JSON.stringify(rows)
    })
  }
  tally.settled += Math.max(0, copiesApart(suspects) - copiesApart(rows))
  const shown = rows.slice(0, tally.room)
  const [missing, extra] = [shown.filter((row) => row.source > row.target), shown.filter((row) => row.source < row.target)]
  const bytes = new Map([
    ...(missing.length > 0 ? await rowsWith(ends, 0, new Set(missing.map(({ sha }) => sha))) : []),
    ...(extra.length > 0 ? await rowsWith(ends, 1, new Set(extra.map(({ sha }) => sha))) : []),
  ])
  for (const { sha, source, target } of rows) tally.countCopies(bytes.get(sha), { source, target })
}
