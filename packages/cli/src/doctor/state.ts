import { type Finding, readStatus } from '@dbsync/core'
import { ago } from '../render/format.ts'
import { attempt, expected } from './attempt.ts'
import type { Check } from './check.ts'
import { failureOf, note, ok, warning } from './findings.ts'

const SHOWN = 5

/** What runs remember, and how the last ones ended. */
export const state: Check = {
  id: 'state',
  title: 'State',
  async run({ state: opened, session, now }) {
    if (!opened.ok) return [failureOf('state', expected(opened.error))]
    const { signal } = session.interrupt
    const found = (await opened.value.examine?.(signal)) ?? []
    const status = await attempt(signal, () => readStatus(opened.value))
    if (!status.ok) return found.some(({ level }) => level === 'failure') ? found : [...found, failureOf('state', expected(status.error))]
    const all = status.value.databases.flatMap(({ name, tables }) => tables.map((table) => ({ ...table, name: `${name}.${table.name}` })))
    return [...found, ...failed(all), lastRun(status.value.lastRun?.last_sync, now)]
  },
}

function failed(tables: readonly { readonly name: string; readonly status: string; readonly error: string | null }[]): readonly Finding[] {
  const bad = tables.filter(({ status }) => status === 'FAILED')
  if (bad.length === 0) return []
  const names = `${bad
    .slice(0, SHOWN)
    .map(({ name }) => name)
    .join(', ')}${bad.length > SHOWN ? ', …' : ''}`
  const message = `The last sync of ${names} failed: ${bad[0]?.error ?? 'no reason was noted'}`
  return [warning('failed-table', message, { by: 'command', commands: ['dbsync run'] })]
}

const lastRun = (at: string | undefined, now: Date): Finding =>
  at === undefined
    ? note('last-run', 'No run has ended yet.', { by: 'command', commands: ['dbsync run --dry-run', 'dbsync run'] })
    : ok('last-run', `The newest run ended ${ago(at, now)}.`)
