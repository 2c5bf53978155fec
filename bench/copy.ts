#!/usr/bin/env node
import { spawnSync } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestServer } from '@dbsync/testkit'
import { makeSmall, makeTable, makeWide } from './data.ts'
import { measure } from './measure.ts'
import { isWanted, rounds, rows, say } from './options.ts'
import { type BenchPair, benchPair } from './pair.ts'
import { board, race, type Way } from './race.ts'

/*
 * Copies in full, beside mariadb-dump | mariadb, mydumper and myloader where they are installed, and an INSERT … SELECT inside one server: in random order on the same
 * two private servers, with table definitions and snapshot inside the time, and each copy compared afterwards. Run it after `pnpm build`, on a machine that does
 * nothing else. Options: --rows (of the narrow table; the wide one has half as many), --rounds, --only narrow|wide|both|small.
 */
await using pair = await benchPair()
const { source, target } = pair
await makeTable(source, 'narrow', rows)
await makeWide(source, 'wide', rows / 2)
await makeSmall(source, 'small', 50)

const CONTESTS: Readonly<Record<string, readonly string[]>> = { narrow: ['narrow'], wide: ['wide'], both: ['narrow', 'wide'], small: ['small'] }
for (const [name, databases] of Object.entries(CONTESTS)) {
  if (!isWanted(name)) continue
  say(`\n${name}: ${databases.length === 2 ? 'both tables' : name}, ${rounds} rounds`)
  say(board(await race(waysOf(pair, databases), rounds, pair)))
}

function waysOf({ dbsync, reload, same, folder }: BenchPair, databases: readonly string[]): readonly Way[] {
  const empty = async () => {
    for (const database of databases) await target.query(`DROP DATABASE IF EXISTS ${database}`)
  }
  const check = () => same(databases)
  const shell = (script: string) => measure('bash', ['-o', 'pipefail', '-c', script])
  const login = ({ socket, user, password }: TestServer) => `--socket=${socket} --user=${user} --password=${password}`
  const files = join(folder, 'mydumper')
  const mydumper = `mydumper ${login(source)} -t 2 --regex '^(${databases.join('|')})\\.' -o ${files} && myloader ${login(target)} -t 2 -d ${files}`
  const inside = databases.map((database) => `CREATE DATABASE inside_${database}`)
  return [
    { name: 'dbsync run --full', before: empty, run: () => dbsync(databases, 'run', '--full'), check },
    { name: 'mariadb-dump | mariadb', before: empty, run: () => reload(databases), check },
    ...(isInstalled('mydumper')
      ? [{ name: 'mydumper + myloader', before: () => empty().then(() => rm(files, { recursive: true, force: true })), run: () => shell(mydumper), check }]
      : []),
    {
      name: 'INSERT … SELECT inside',
      async before() {
        for (const database of databases) await source.query(`DROP DATABASE IF EXISTS inside_${database}`)
      },
      async run() {
        const statements = [...inside]
        for (const database of databases) {
          for (const row of await source.query('SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = ?', [database])) {
            const name = String(row['name'])
            statements.push(
              `CREATE TABLE inside_${database}.${name} LIKE ${database}.${name}`,
              `INSERT INTO inside_${database}.${name} SELECT * FROM ${database}.${name}`,
            )
          }
        }
        return await measure('mariadb', [
          '--no-defaults',
          `--socket=${source.socket}`,
          `--user=${source.user}`,
          `--password=${source.password}`,
          '-e',
          statements.join(';'),
        ])
      },
    },
  ]
}

function isInstalled(program: string): boolean {
  return spawnSync(program, ['--version']).status === 0
}
