import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BackupPoint, Backups, Journal, TableRef } from '@dbsync/core/plugin'
import { quoteId, quoteTable } from '@dbsync/mysql'
import { assertSameDatabases, type ServerClient } from '@dbsync/testkit'
import { Connections } from '../connections.ts'
import { type Rig, rig } from '../test-rig.ts'
import { journalsBack } from './chain.ts'
import { openPoint } from './point.ts'
import { readHeader } from './read-journal.ts'
import { type UndoOptions, undoJournals } from './undo.ts'

/** A rig with a folder for journals, and a place to undo them in. For the tests of journals. */
export interface JournalRig extends AsyncDisposable {
  readonly rig: Rig
  readonly folder: string
  readonly backups: Backups
  /** Opens a journal of a run of its own second. */
  journal(): Promise<Journal>
  /** Remembers these tables of the target, or all of them, as they are now, under this name. */
  remember(name: string, tables?: readonly string[]): Promise<void>
  /** Undoes what it takes to get back to this point, in a scratch database, and throws unless the tables there are those that were remembered. */
  expectBack(to: string, remembered: string, options?: Partial<UndoOptions>): Promise<void>
  /** Throws unless all other tables are as they were. */
  expectUntouched(remembered: string, touched: readonly string[]): Promise<void>
  points(): Promise<readonly BackupPoint[]>
}

const never = new AbortController().signal
let second = Date.UTC(2026, 0, 1)
const nextSecond = (): Date => {
  second += 1000
  return new Date(second)
}

export async function journalRig(suffix = ''): Promise<JournalRig> {
  const r = await rig(suffix)
  const folder = await mkdtemp(join(tmpdir(), 'dbsync-journal-'))
  const { server, database } = r
  const backups = r.target.backups?.(folder)
  if (backups === undefined) throw new Error('no backup points')
  const connections = new Connections({ host: server.host, port: server.port, user: server.user, password: server.password })
  const scratch = `${database}_scratch`
  const remembered = (name: string) => `${database}_${name}`
  const databases = new Set([scratch])
  return {
    rig: r,
    folder,
    backups,
    points: () => backups.list(),
    journal: () => backups.journal({ at: nextSecond(), run: 'a run', target: 'copy', tables: [], state: null }, never),
    async remember(name, tables) {
      databases.add(remembered(name))
      await copyDatabase(server, { from: database, to: remembered(name), tables })
    },
    async expectBack(to, name, options = {}) {
      const points = await backups.list()
      const point = points.find((one) => one.name === to)
      if (point === undefined) throw new Error(`no point ${to} among ${points.map((one) => one.name).join(', ')}`)
      const previous = new Map<string, string | null>()
      for (const one of points) previous.set(one.name, (await readHeader(one.path)).previous)
      const journals = await Promise.all(journalsBack(point, points, previous).map(({ path }) => openPoint(path)))
      const dialect = { flavour: 'mariadb', loadData: true } as const
      const undo = undoJournals({ connections, dialect, journals, overwrite: false, ...options })
      await server.query(`DROP DATABASE IF EXISTS ${quoteId(scratch)}`)
      await server.query(`CREATE DATABASE ${quoteId(scratch)}`)
      await connections.with(never, (connection) => undo.fill(connection, () => scratch, never))
      const tables = undo.expected.map((table) => table.name)
      if (tables.length + undo.removed.length === 0) throw new Error('nothing was undone')
      await assertSameDatabases({ server, database: scratch }, { server, database: remembered(name) }, { tables })
      for (const table of undo.removed) await expectNone(server, { database: remembered(name), name: table.name })
    },
    async expectUntouched(name, touched) {
      const tables = await server.query('SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = ?', [remembered(name)])
      const others = tables.map((table) => String(table['name'])).filter((table) => !touched.includes(table))
      await assertSameDatabases({ server, database }, { server, database: remembered(name) }, { tables: others })
    },
    async [Symbol.asyncDispose]() {
      for (const one of databases) await server.query(`DROP DATABASE IF EXISTS ${quoteId(one)}`)
      await connections[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
      await r[Symbol.asyncDispose]()
    },
  }
}

async function expectNone(server: ServerClient, { database, name }: TableRef): Promise<void> {
  const found = await server.query('SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?', [database, name])
  if (found.length > 0) throw new Error(`${name} was there, and would be removed`)
}

type Copy = { readonly from: string; readonly to: string; readonly tables: readonly string[] | undefined }

/** With nothing but SQL of its own, so that no code under test has a part in it. */
async function copyDatabase(server: ServerClient, { from, to, tables: only }: Copy): Promise<void> {
  await server.query(`DROP DATABASE IF EXISTS ${quoteId(to)}`)
  await server.query(`CREATE DATABASE ${quoteId(to)}`)
  const connection = await server.connect({ database: to })
  try {
    await connection.query(
      "SET sql_mode = 'ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO', time_zone = '+00:00', foreign_key_checks = 0, explicit_defaults_for_timestamp = 1",
    )
    const tables = await server.query("SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_TYPE = 'BASE TABLE'", [from])
    for (const { name } of tables) {
      const table = String(name)
      if (only?.includes(table) === false) continue
      const [created] = await server.query(`SHOW CREATE TABLE ${quoteTable({ database: from, name: table })}`)
      const create = String(created?.['Create Table'])
      await connection.query(create)
      const columns = await server.query(
        'SELECT COLUMN_NAME AS name FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? AND GENERATION_EXPRESSION IS NULL ORDER BY ORDINAL_POSITION',
        [from, table],
      )
      const list = columns.map((column) => quoteId(String(column['name']))).join(', ')
      await connection.query(`INSERT INTO ${quoteId(table)} (${list}) SELECT ${list} FROM ${quoteTable({ database: from, name: table })}`)
      const counter = /\) ENGINE=\w+ AUTO_INCREMENT=(\d+)/.exec(create)?.[1]
      if (/AUTO_INCREMENT/.test(create)) await connection.query(`ALTER TABLE ${quoteId(table)} AUTO_INCREMENT = ${counter ?? 1}`)
    }
  } finally {
    await connection.end()
  }
}
