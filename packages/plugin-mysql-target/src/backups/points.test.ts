import { hash, randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { type BackupPoint, type BackupRequest, packRows, type RowBatch } from '@dbsync/core/plugin'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Connections } from '../connections.ts'
import { mysqlBackups } from './backups.ts'
import { keepPoint } from './create-point.ts'
import { DumpFacts } from './dump-text.ts'
import { InsertLiterals } from './insert-literals.ts'
import { END_MARKER } from './inspect.ts'
import { loadPoint } from './load-point.ts'

const never = new AbortController().signal
const SERVER = {
  flavour: 'mariadb',
  versionNumber: 101119,
  version: '',
  id: 's',
  label: 's',
  maxAllowedPacket: 1 << 24,
  localInfile: true,
  lowerCaseTableNames: 0,
  binaryLog: false,
} as const
const connections = new Connections({ host: 'nowhere.invalid', port: 1, user: 'nobody', tls: { mode: 'disabled' } } as never)
const COLUMNS = [
  { name: 'id', type: { kind: 'int', bits: 32 }, nullable: false },
  { name: 'v`', type: { kind: 'text' }, nullable: true, charset: 'utf8mb4' },
] as const

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dbsync-points-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const backups = () => mysqlBackups({ connections, server: SERVER, folder, allowed: () => {} })
const request: BackupRequest = { at: new Date('2026-11-21T02:00:00.9Z'), run: 'r', target: 'copy', tables: [], state: null }
const batch = (rows: number, seed = ''): RowBatch =>
  packRows(
    COLUMNS,
    Array.from({ length: rows }, (_, i) => [String(i), `it's; ${seed} ${i}`]),
  )

async function makePoint(rows: number, seed = ''): Promise<BackupPoint> {
  const literals = new InsertLiterals('t', COLUMNS, 0)
  async function* text() {
    yield Buffer.from('SET NAMES utf8mb4;\n\nDROP TABLE IF EXISTS `t`;\nCREATE TABLE `t` (\n  `id` int(11) NOT NULL,\n  `v``` text\n) ENGINE=InnoDB;\n')
    yield literals.add(batch(rows, seed), () => {})
    yield literals.end()
    yield Buffer.from(END_MARKER)
  }
  const facts = new DumpFacts()
  facts.tables.push({ database: 'd', name: 't', rows, digest: null })
  return await keepPoint(folder, text(), request, () => ({ server: SERVER, facts }), never)
}

const check = (point: BackupPoint) => backups().check(point, { restore: false, signal: never })

describe('a point', () => {
  test('that was cut anywhere, or has one bit turned, or has something behind its end, is damaged', async () => {
    const point = await makePoint(2000, randomBytes(9).toString('hex'))
    expect(await check(point)).toMatchObject({ verdict: 'intact', tables: [{ database: 'd', name: 't', rows: 2000 }] })
    const whole = await readFile(point.path)
    const damages: Buffer[] = []
    for (let i = 0; i < 200; i++) damages.push(whole.subarray(0, Math.floor((whole.length * i) / 200)))
    for (let i = 0; i < 50; i++) {
      const turned = Buffer.from(whole)
      const at = Math.floor((whole.length * i) / 50)
      turned[at] = (turned[at] as number) ^ (1 << (i % 8))
      damages.push(turned)
    }
    damages.push(Buffer.concat([whole, Buffer.alloc(512)]), Buffer.concat([whole, whole]), Buffer.concat([whole, gzipSync('DROP TABLE t;')]), Buffer.alloc(0))
    for (const damage of damages) {
      await writeFile(point.path, damage)
      expect(await check(point)).toMatchObject({ verdict: 'damaged' })
    }
    // The same text in two members, cut at the border: every decompressor takes it for complete.
    const text = gunzipSync(whole)
    const half = text.indexOf('\nCREATE')
    await writeFile(point.path, gzipSync(text.subarray(0, half)))
    expect(await check(point)).toMatchObject({ verdict: 'damaged' })
  })

  test('is not loaded where it is damaged: no statement reaches the server', async () => {
    const point = await makePoint(10)
    const whole = await readFile(point.path)
    const connection = { server: SERVER, execute: () => Promise.reject(new Error('a statement was run')) } as never
    const load = () => loadPoint(connection, point, { scratch: () => 'x', signal: never })
    await expect(load()).rejects.toThrow('a statement was run')
    await writeFile(point.path, whole.subarray(0, -1))
    await expect(load()).rejects.toMatchObject({ code: 'BACKUP_DAMAGED' })
    // All that can be checked without a manifest fits, but a statement is none of a dump.
    await writeFile(point.path, gzipSync(Buffer.concat([gunzipSync(whole), Buffer.from('GRANT ALL ON *.* TO x;\n'), Buffer.from(END_MARKER)])))
    const { manifest: _, ...bare } = point
    await expect(loadPoint(connection, bare, { scratch: () => 'x', signal: never })).rejects.toThrow(/GRANT is no statement/)
  })

  test('with the manifest of another is damaged, and so is one whose manifest cannot be read', async () => {
    const [one, other] = [await makePoint(3, 'one'), await makePoint(3, 'other')]
    const manifestOf = (point: BackupPoint) => point.path.replace('.sql.gz', '.json')
    const [mine, theirs] = [await readFile(manifestOf(one)), await readFile(manifestOf(other))]
    await writeFile(manifestOf(one), theirs)
    expect(await check(one)).toMatchObject({ verdict: 'damaged', findings: [expect.stringContaining('checksum')] })
    await writeFile(manifestOf(one), mine.subarray(0, 40))
    expect(await check(one)).toMatchObject({ verdict: 'damaged', findings: [expect.stringContaining('manifest')] })
    expect((await backups().list()).find(({ name }) => name === one.name)).not.toHaveProperty('manifest')
    await writeFile(manifestOf(one), mine)
    expect(await check(one)).toMatchObject({ verdict: 'intact' })
  })

  test('whose rows do not add up to its manifest is damaged, although the checksum fits', async () => {
    const point = await makePoint(5)
    const text = gunzipSync(await readFile(point.path)).toString('utf8')
    const fewer = gzipSync(text.replace(/,\n\(4,[^\n]*\)/, ''))
    await writeFile(point.path, fewer)
    await writeFile(point.path.replace('.sql.gz', '.json'), JSON.stringify({ ...point.manifest, sha256: hash('sha256', fewer) }))
    expect(await check(point)).toMatchObject({ verdict: 'damaged', findings: ['d.t has 4 rows in it, and 5 rows by its manifest'] })
  })

  test('that has lost its manifest is listed, and not proved', async () => {
    const point = await makePoint(1)
    await rm(point.path.replace('.sql.gz', '.json'))
    const found = (await backups().list()).find(({ name }) => name === point.name)
    if (found === undefined) throw new Error('not listed')
    expect(await check(found)).toMatchObject({ verdict: 'unproved' })
    await backups().drop(found)
    expect((await readdir(folder)).filter((name) => name.startsWith(`${point.name.split('.')[0]}.`))).toEqual([])
  })

  test('of another tool is damaged where its text is cut, or something is behind its end', async () => {
    const dump = '-- MariaDB dump 10.19\nCREATE TABLE `t` (\n  `id` int\n);\nINSERT INTO `t` VALUES (1),(2);\n-- Dump completed\n'
    const place = join(folder, 'other.sql.gz')
    const verdictOf = async (bytes: Buffer) => {
      await writeFile(place, bytes)
      const point = (await backups().list()).find(({ name }) => name === 'other.sql.gz')
      if (point === undefined) throw new Error('not listed')
      const { verdict, tables } = await check(point)
      return [verdict, tables[0]?.rows]
    }
    expect(await verdictOf(gzipSync(dump))).toEqual(['unproved', 2])
    expect(await verdictOf(gzipSync(dump.replace(/^-- Maria.*|-- Dump.*/gm, '')))).toEqual(['unproved', 2])
    expect((await verdictOf(Buffer.concat([gzipSync(dump), Buffer.alloc(9)])))[0]).toBe('damaged')
    for (const cut of [dump.slice(0, -30), dump.slice(0, dump.indexOf('(2)')), dump.slice(0, dump.indexOf('INSERT'))]) {
      expect((await verdictOf(gzipSync(cut)))[0], cut).toBe('damaged')
    }
    // Without its comments nothing tells where it ends: but no statement is cut.
    expect((await verdictOf(gzipSync('CREATE TABLE `t` (\n  `id` int\n);\nINSERT INTO `t` VALUES (1)')))[0]).toBe('damaged')
    await rm(place)
  })

  test('is not made where the disk is full, and nothing is left of it', async () => {
    const before = await readdir(folder)
    async function* text() {
      yield Buffer.from('SELECT 1')
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', syscall: 'write' })
    }
    const making = keepPoint(folder, text(), request, () => ({ server: SERVER, facts: new DumpFacts() }), never)
    await expect(making).rejects.toMatchObject({ code: 'BACKUP_UNWRITABLE', message: expect.stringContaining('the disk is full') })
    expect(await readdir(folder)).toEqual(before)
  })
})
