import { Writable } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import type { SyncEvent } from '@dbsync/core'
import { expect, test } from 'vitest'
import { event, idOf, NAMES, plan, tablePlan, tableReport } from './testing.ts'
import { treeView } from './tree.ts'
import type { View } from './view.ts'

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms))

/** A terminal of this height, and everything that was written to it. */
function terminal(rows: number): { readonly stream: NodeJS.WriteStream; readonly written: () => string } {
  let text = ''
  const stream = new Writable({
    write(chunk, _, done) {
      text += chunk
      done()
    },
  })
  return { stream: Object.assign(stream, { isTTY: true, columns: 120, rows }) as unknown as NodeJS.WriteStream, written: () => text }
}

/** Goes through the events and returns what stays on the screen: what is written at the end. */
async function last(rows: number, events: readonly SyncEvent[], during: (view: View) => void = () => {}): Promise<readonly string[]> {
  const { stream, written } = terminal(rows)
  const view = await treeView({ stream, slots: 2 })
  for (const each of events) {
    view.listener(each)
    await pause(5)
  }
  during(view)
  await pause(20)
  await view[Symbol.asyncDispose]()
  // The last drawing follows the last time that the lines before it were wiped.
  const [text = ''] = written().split('\u001b[G').slice(-1)
  return stripVTControlCharacters(text).trimEnd().split('\n')
}

const planned = event(0, { type: 'run.planned', plan: plan() })
const started = (name: string) => event(0, { type: 'table.started', id: idOf(name), attempt: 1 })
const finished = (name: string, outcome: 'synced' | 'failed') =>
  event(1, {
    type: 'table.finished',
    id: idOf(name),
    report: tableReport(name, outcome, outcome === 'synced' ? { inserted: 7 } : { error: { code: 'E', kind: 'data', message: 'too\nlong' } }),
  })

test('a line for every table, and what became of it', async () => {
  const lines = await last(24, [planned, ...NAMES.map(started), finished('users', 'synced'), finished('a\n\u001b[31mb', 'failed')])
  expect(lines).toEqual([
    '✔ incremental run of 3 tables from MariaDB 10.11 at db:3306 to copy (MariaDB 10.11 at backup:3306)',
    '⚠ 2 of 3 tables, 1 failed, 2,468 rows read',
    '  ✔ shop.users  7 inserted in 1.5 s',
    '  ✖ shop.a\\n\\u{1b}[31mb  failed: too\\nlong',
    '  ⚠ shop.__proto__  started',
  ])
})

test('more tables than lines: what is worked on now', async () => {
  const many = Array.from({ length: 100 }, (_, index) => `t${index}`)
  const { stream, written } = terminal(24)
  const view = await treeView({ stream, slots: 2 })
  view.listener(event(0, { type: 'run.planned', plan: plan(many.map((name) => tablePlan(name))) }))
  await pause(20)
  for (const each of [started('t0'), started('t1'), finished('t0', 'synced'), started('t2')]) view.listener(each)
  await pause(250)
  const screen = stripVTControlCharacters(written())
  await view[Symbol.asyncDispose]()
  expect(screen).toContain('1 of 100 tables, 1,234 rows read')
  expect(screen).toMatch(/shop\.t2 {2}started\n.*shop\.t1 {2}started\n?$/)
  expect(stripVTControlCharacters(written()).trimEnd().split('\n').slice(-2)).toEqual([
    '✔ incremental run of 100 tables from MariaDB 10.11 at db:3306 to copy (MariaDB 10.11 at backup:3306)',
    '✔ 1 of 100 tables, 1,234 rows read',
  ])
})

test('a run that fails before there is a plan leaves nothing open', async () => {
  expect(await last(24, [])).toEqual([''])
})

test('the terminal gets its cursor back, and nobody listens to signals', async () => {
  const { stream, written } = terminal(24)
  const before = process.listenerCount('SIGINT')
  const view = await treeView({ stream, slots: 2 })
  expect(process.listenerCount('SIGINT')).toBe(before)
  view.listener(planned)
  view.notice('Stopping\u001b')
  await view[Symbol.asyncDispose]()
  expect(written().lastIndexOf('\u001b[?25h')).toBeGreaterThan(written().lastIndexOf('\u001b[?25l'))
})
