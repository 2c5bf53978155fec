import { access } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** Best first: what runs where nothing else is asked for, and then what checks it. docs/decisions/0021-bigquery-target.md has their lineages. */
export const EMULATORS = ['local-bigquery', 'bqemulator', 'goccy'] as const

export type Emulator = (typeof EMULATORS)[number]

/** Where `bin/setup-bigquery.sh` installed an emulator, ready or not. */
export const installationOf = (emulator: Emulator): string =>
  join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'dbsync-tests', 'bigquery', emulator)

/** The emulators that are there, the one that tests use first: `DBSYNC_TEST_BIGQUERY` if set, even where it is not installed. */
export async function installedEmulators(): Promise<readonly Emulator[]> {
  const found: Emulator[] = []
  for (const emulator of EMULATORS) if (await isInstalled(emulator)) found.push(emulator)
  const wanted = process.env.DBSYNC_TEST_BIGQUERY || undefined
  if (wanted === undefined) return found
  const emulator = EMULATORS.find((each) => each === wanted)
  if (emulator === undefined) throw new Error(`DBSYNC_TEST_BIGQUERY is ${JSON.stringify(wanted)}: it can be ${EMULATORS.join(', ')}`)
  if (!found.includes(emulator)) throw new Error(notInstalled(emulator))
  return [emulator, ...found.filter((each) => each !== emulator)]
}

/**
 * For `describe.skipIf`: whether tests of BigQuery must be left out because no emulator is installed, which is then said on stderr.
 * Throws instead where CI=true: there they must run.
 */
export async function bigQueryMissing(say: (text: string) => void = (text) => process.stderr.write(text)): Promise<boolean> {
  if ((await installedEmulators()).length > 0) return false
  if (process.env.CI === 'true') throw new Error(notInstalled())
  say(`\n!!! The tests of BigQuery are LEFT OUT. ${notInstalled()}\n\n`)
  return true
}

/**
 * Another emulator than the one that tests use, for a cross-check: the next best that is installed. `undefined` where there is none, which is then said on
 * stderr. Throws instead where CI=true.
 */
export async function secondEmulator(say: (text: string) => void = (text) => process.stderr.write(text)): Promise<Emulator | undefined> {
  const [first, second] = await installedEmulators()
  if (second !== undefined) return second
  const missing = `${first === undefined ? 'No BigQuery emulator' : `Only the BigQuery emulator ${first}`} is installed. Install another one with: bin/setup-bigquery.sh --second`
  if (process.env.CI === 'true') throw new Error(missing)
  say(`\n!!! The cross-check with a second emulator of BigQuery is LEFT OUT. ${missing}\n\n`)
  return undefined
}

/** The same of one emulator, for tests that are about it. It is never required: installing one takes what not every machine has. */
export async function bigQueryEmulatorMissing(emulator: Emulator, say: (text: string) => void = (text) => process.stderr.write(text)): Promise<boolean> {
  if (await isInstalled(emulator)) return false
  say(`\n!!! The tests with another emulator of BigQuery are LEFT OUT. ${notInstalled(emulator)}\n\n`)
  return true
}

export const notInstalled = (emulator?: Emulator): string =>
  emulator === undefined
    ? 'No BigQuery emulator is installed. Install one with: bin/setup-bigquery.sh'
    : `The BigQuery emulator ${emulator} is not installed. Install it with: bin/setup-bigquery.sh ${emulator}`

async function isInstalled(emulator: Emulator): Promise<boolean> {
  return access(join(installationOf(emulator), 'ready')).then(
    () => true,
    () => false,
  )
}
