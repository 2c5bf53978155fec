import type { Finding, Source, Target } from '@dbsync/core'
import { type Attempt, expected, needed } from './attempt.ts'
import type { Check } from './check.ts'
import type { Context } from './context.ts'
import { failureOf, note, ok, warning } from './findings.ts'

export const source: Check = {
  id: 'source',
  title: 'Source',
  end: { role: 'source' },
  async run({ source: opened, examined }) {
    return [...(await connection(opened)), ...(opened.ok ? findingsOf(examined.source) : [])]
  },
}

export const target = (name: string): Check => ({
  id: 'target',
  title: `Target ${name}`,
  end: { role: 'target', name },
  async run(context) {
    const opened = context.targets.get(name)
    const examined = context.examined.targets.get(name)
    if (opened === undefined || examined === undefined) return []
    const found = await connection(opened)
    if (!opened.ok) return found
    return [...found, ...findingsOf(examined), ...rowLimits(context, name), ...(await atWork(context, opened.value, name))]
  },
})

async function connection(opened: Attempt<Source | Target>): Promise<readonly Finding[]> {
  if (!opened.ok) return [failureOf('connection', expected(opened.error))]
  const { label } = await opened.value.identity()
  return [ok('connection', `Connected: ${label}.`)]
}

const findingsOf = (examined: Context['examined']['source']): readonly Finding[] =>
  examined.ok ? examined.value.findings : [{ level: 'unchecked', id: 'set-up', message: examined.error.message }]

/** A row that the source can have and the target cannot take. */
function rowLimits({ examined }: Context, name: string): readonly Finding[] {
  const theirs = examined.source.ok ? examined.source.value.rowLimit : undefined
  const here = examined.targets.get(name)
  const ours = here?.ok ? here.value.rowLimit : undefined
  if (theirs === undefined || ours === undefined || ours.bytes >= theirs.bytes) return []
  const mib = (bytes: number) => `${Math.round((bytes / 1024 / 1024) * 10) / 10} MiB`
  const message = `Rows may have ${mib(theirs.bytes)} at the source, and ${mib(ours.bytes)} here.`
  return [warning('row-limit', message, ours.raise(theirs.bytes))]
}

async function atWork({ config, inventory, session }: Context, opened: Target, name: string): Promise<readonly Finding[]> {
  if (opened.locked === undefined || !inventory.ok) return []
  const template = needed(config, 'the configuration cannot be used').targets.find((each) => each.name === name)?.database ?? '{database}'
  const found: Finding[] = []
  for (const database of inventory.value.databases.map((each) => template.replaceAll('{database}', () => each))) {
    if (await opened.locked(database, session.interrupt.signal)) found.push(note('lock', `A run is writing to ${database} at this moment.`))
  }
  return found
}
