import { mkdtemp, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Column, packRows, type TableSchema } from '@dbsync/core/plugin'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { checkJournal } from './check.ts'
import type { JournalHeader, SegmentHead } from './content.ts'
import { BODY_BYTES, decodeFrame, frameSize, START_BYTES, saltOf } from './frames.ts'
import { JournalFile } from './journal-file.ts'
import { journalPoint, markUndone, openPoint, tablesLeft } from './point.ts'
import { segmentRows } from './read-journal.ts'
import { SegmentWriter } from './segment-writer.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dbsync-journal-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const never = new AbortController().signal
const columns: readonly Column[] = [
  { name: 'id', type: { kind: 'int', bits: 32 }, nullable: false },
  { name: '__proto__', type: { kind: 'bytes' }, nullable: true },
]
const table = { database: '../`x', name: '__proto__' }
const schema: TableSchema = { table, columns, key: ['id'], uniqueKeys: [], foreignKeys: [], referencedBy: [], triggers: [], transactional: true }
const head: SegmentHead = { holds: 'rows', table, schema, columns, keyColumns: columns.slice(0, 1) }
const header: JournalHeader = {
  version: 1,
  madeAt: '2026-01-01T00:00:00.000Z',
  run: 'r',
  target: 't',
  server: { id: 's', label: 'S' },
  state: { a: 1 },
  previous: null,
}

const packed = (cells: readonly (readonly (string | Uint8Array | null)[])[], of = columns) => {
  const batch = packRows(of, cells)
  const count = Buffer.alloc(4)
  count.writeUInt32LE(batch.rowCount)
  return Buffer.concat([count, batch.bytes])
}

let files = 0
/** A journal of two segments; without an end it is one of a run that was killed. */
async function write({ ended, large = 10 }: { readonly ended: boolean; readonly large?: number }): Promise<string> {
  const path = join(folder, `${++files}.journal${ended ? '' : '.unfinished'}`)
  await using file = await JournalFile.create(path)
  await file.append('header', 0, header)
  await file.sync()
  for (const segment of [1, 2]) {
    await file.append('open', segment, head)
    await file.append(
      'rows',
      segment,
      packed([
        ['1', Buffer.alloc(large, segment)],
        ['2', null],
      ]),
    )
    await file.append('keys', segment, packed([['3']], columns.slice(0, 1)))
    await file.append('ready', segment, { rows: 2, keys: 1 })
    await file.sync()
    await file.append('after', segment, { rows: 3, sum: '123' })
  }
  if (ended) {
    await file.append('end', 0, { tables: [{ ...table, rows: 4, digest: null }], sha256: file.sha256 })
    await file.sync()
  }
  return path
}

test('gives back what was written', async () => {
  const path = await write({ ended: true })
  const journal = await openPoint(path)
  expect(journal).toMatchObject({ header, torn: 0, undone: [], segments: [{ head, counts: { rows: 2, keys: 1 }, after: { rows: 3, sum: '123' } }, { id: 2 }] })
  const [, second] = journal.segments
  if (second === undefined) throw new Error('no segment')
  const [rows] = await Array.fromAsync(segmentRows(journal, second, 'rows'))
  expect([...(rows?.rows() ?? [])]).toEqual([
    [1, Buffer.alloc(10, 2)],
    [2, null],
  ])
  expect(await checkJournal(path, never)).toEqual({ verdict: 'intact', findings: [], tables: [{ ...table, rows: 4 }] })
  expect(await journalPoint('p', path)).toMatchObject({
    name: 'p',
    kind: 'journal',
    manifest: { run: 'r', tables: [{ name: '__proto__', rows: 4 }], state: { a: 1 } },
  })
  expect((await stat(path)).mode & 0o777).toBe(0o600)
})

test('takes rows that are larger than a frame', async () => {
  const path = await write({ ended: true, large: 0 })
  const large = await import('node:crypto').then(({ randomBytes }) => randomBytes(BODY_BYTES * 3))
  const other = join(folder, `${++files}.journal.unfinished`)
  await using file = await JournalFile.create(other)
  await file.append('header', 0, header)
  await file.append('open', 1, head)
  // Two tables are written side by side.
  await Promise.all([file.append('rows', 1, packed([['1', large]])), file.append('open', 2, head), file.append('rows', 2, packed([['7', null]]))])
  await file.append('ready', 1, { rows: 1, keys: 0 })
  const journal = await openPoint(other)
  expect(journal.segments.map(({ id }) => id)).toEqual([1])
  const [rows] = await Array.fromAsync(segmentRows(journal, journal.segments[0] as never, 'rows'))
  expect(Buffer.from(rows?.cell(0, 1) ?? []).equals(large)).toBe(true)
  expect((await checkJournal(path, never)).verdict).toBe('intact')
})

test('refuses a finished journal of which any byte is missing or another one', async () => {
  const path = await write({ ended: true })
  const whole = await readFile(path)
  const copy = join(folder, 'damaged.journal')
  // Another byte in every run: after some runs all of them.
  for (let at = Date.now() % 13; at < whole.length; at += 13) {
    const flipped = Buffer.from(whole)
    flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8))
    await writeFile(copy, flipped)
    expect((await checkJournal(copy, never)).verdict, `byte ${at}`).toBe('damaged')
    await writeFile(copy, whole.subarray(0, at))
    await expect(openPoint(copy), `cut at ${at}`).rejects.toMatchObject({ code: 'JOURNAL_DAMAGED' })
  }
})

test('what a kill cut short is left out, and what was on disk before a commit must be there', async () => {
  const path = await write({ ended: false })
  const whole = await readFile(path)
  const { segments } = await openPoint(path)
  const [first, second] = segments.map(({ data }) => data[0]?.at ?? 0) as [number, number]
  const copy = join(folder, 'cut.journal.unfinished')
  for (let at = first; at < whole.length; at += 31) {
    await writeFile(copy, whole.subarray(0, at))
    const journal = await openPoint(copy)
    expect(journal.segments.length).toBeLessThanOrEqual(2)
    expect(journal.segments.length).toBe(at >= second ? Math.max(1, journal.segments.length) : journal.segments.length)
  }
  // The first segment was on disk when the second one was written.
  for (let at = 24; at < second; at += 19) {
    const flipped = Buffer.from(whole)
    flipped[at] = (flipped[at] ?? 0) ^ 0x10
    await writeFile(copy, flipped)
    // Its last frame was written after the flush: nothing depends on it.
    const outcome = await openPoint(copy).then(
      ({ segments: found }) => found.length,
      (error: { code?: string }) => error.code,
    )
    expect(['JOURNAL_DAMAGED', 1], `byte ${at}`).toContain(outcome)
  }
  await writeFile(copy, Buffer.concat([whole, Buffer.alloc(100)]))
  expect(await checkJournal(copy, never)).toMatchObject({
    verdict: 'intact',
    findings: [expect.stringContaining('killed'), expect.stringContaining('100 bytes')],
  })
})

test('remembers for which tables it was undone', async () => {
  for (const ended of [true, false]) {
    const path = await write({ ended })
    await truncate(path, (await stat(path)).size - (ended ? 0 : 3))
    await markUndone(path, [table])
    await markUndone(path, [{ database: 'a', name: 'b' }])
    const journal = await openPoint(path)
    expect(journal.undone).toEqual([table, { database: 'a', name: 'b' }])
    expect(tablesLeft(journal)).toEqual([])
    expect((await journalPoint('p', path)).manifest?.tables).toEqual([])
  }
})

test('follows no link, and takes nothing else for a journal', async () => {
  const path = await write({ ended: true })
  const link = join(folder, 'link.journal')
  await symlink(path, link)
  await expect(openPoint(link)).rejects.toMatchObject({ code: 'JOURNAL_DAMAGED', message: expect.stringContaining('symbolic link') })
  await expect(JournalFile.create(link)).rejects.toMatchObject({ code: 'EEXIST' })
  await writeFile(join(folder, 'text.journal'), 'hello')
  for (const name of ['text.journal', 'none.journal', '']) expect((await checkJournal(join(folder, name), never)).verdict).toBe('damaged')
})

test('a segment is on disk before anything changes', async () => {
  const path = join(folder, `${++files}.journal.unfinished`)
  await using file = await JournalFile.create(path)
  await new SegmentWriter(file).segment({ holds: 'absent', table }, async () => ({ rows: 0, keys: 0 }))
  // A frame says how many of those before it would have outlasted a power cut.
  await file.append('after', 1, null)
  const bytes = await readFile(path)
  const synced: (readonly [string, number])[] = []
  for (let at = START_BYTES; at < bytes.length; ) {
    const frame = decodeFrame(bytes.subarray(at), saltOf(bytes) as Buffer)
    synced.push([frame?.kind ?? '', frame?.synced ?? 0])
    at += frameSize(bytes.subarray(at)) ?? bytes.length
  }
  expect(synced).toEqual([
    ['open', 0],
    ['ready', 0],
    ['after', 2],
  ])
})
