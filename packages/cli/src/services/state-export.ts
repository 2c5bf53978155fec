import { randomBytes } from 'node:crypto'
import { lstat, open, readdir, readFile, realpath, rename, rm } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { exportState, holdRuns, isExport, processExists, SyncError } from '@dbsync/core'
import type { CliCode } from '../codes.ts'
import type { ProjectFlags } from '../load-project.ts'
import type { PluginHost } from '../registry.ts'
import type { Session } from '../session.ts'
import { openStateWork, type StateWork } from './state-work.ts'

export type ExportOutcome = { readonly file: string; readonly databases: number; readonly tables: number; readonly warnings: readonly string[] }

/** The state as one file, which is there whole or not at all. */
export async function exportFile(
  host: PluginHost,
  { project, file }: { readonly project: ProjectFlags; readonly file: string },
  session: Session,
): Promise<ExportOutcome> {
  await using work = await openStateWork(host, project, session, false)
  const path = resolve(file)
  await orRefuse(path, () => mustBeFree(work, path))
  const databases = (await work.state.list('database/')).map(({ key }) => key.slice('database/'.length))
  await using _ = await holdRuns(work.state, work.targets, databases)
  const exported = await exportState(work.state, new Date())
  await orRefuse(path, () => replace(path, `${JSON.stringify(exported, null, 2)}\n`))
  const tables = Object.values(exported.databases).reduce((sum: number, each) => sum + Object.keys((each as { readonly tables: object }).tables).length, 0)
  return { file: path, databases: Object.keys(exported.databases).length, tables, warnings: work.warnings }
}

/** Not among the state's own files, where it would be taken for one of them, and not over something else. */
async function mustBeFree({ config }: StateWork, path: string): Promise<void> {
  const folder = await realpath(dirname(path))
  for (const option of Object.values(config.state.options)) {
    const inside = typeof option === 'string' && relative(await realpath(option).catch(() => option), folder) === ''
    if (inside) throw refusal(path, 'lies among the files of the state', 'Give a file in another folder.')
  }
  const there = await readFile(path, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  })
  if (there !== undefined && !isExport(there)) throw refusal(path, 'is there, and is no export of the state', 'Give another name, or move it away.')
}

const refusal = (path: string, what: string, hint: string): SyncError =>
  new SyncError('STATE_FILE', `${path} ${what}.`, { kind: 'config', hint: `Nothing was written. ${hint}` })

async function replace(path: string, text: string): Promise<void> {
  const folder = dirname(path)
  const own = unfinishedOf(path)
  await removeAbandoned(folder, own)
  const unfinished = join(folder, `${own}${process.pid}-${randomBytes(6).toString('hex')}.tmp`)
  try {
    await using file = await open(unfinished, 'wx', 0o600)
    await file.writeFile(text)
    await file.sync()
    await rename(unfinished, path)
  } finally {
    await rm(unfinished, { force: true })
  }
  if (process.platform === 'win32') return // folders cannot be opened there
  await using opened = await open(folder, 'r')
  await opened.sync()
}

const unfinishedOf = (path: string): string => `.${basename(path).slice(0, 80)}.`

const ABANDONED_MS = 3_600_000

/** What killed exports of the same name have left. One that may still be written stays: its process is there, and it is of this hour. */
async function removeAbandoned(folder: string, own: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const made = name.startsWith(own) ? /^(?:(\d+)-)?[0-9a-f]{12}\.tmp$/.exec(name.slice(own.length)) : null
    if (made === null) continue
    const pid = made[1]
    const { mtimeMs } = await lstat(join(folder, name))
    const isGone = pid !== undefined && !processExists(Number(pid))
    if (isGone || Date.now() - mtimeMs > ABANDONED_MS) await rm(join(folder, name), { force: true })
  }
}

async function orRefuse(path: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (SyncError.is(error) || !(error instanceof Error && 'code' in error)) throw error
    throw new SyncError('STATE_EXPORT' satisfies CliCode, `The export cannot be written to ${path} (${String(error.code)}); what was there is unchanged.`, {
      kind: 'config',
      hint: 'Give a file in a folder that is there, that you may write to, and that has space.',
      cause: error,
    })
  }
}
