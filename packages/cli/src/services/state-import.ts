import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { executeImport, type ImportPlan, parseExport, planImport, SyncError } from '@dbsync/core'
import { ask } from '../confirm.ts'
import type { ProjectFlags } from '../load-project.ts'
import type { PluginHost } from '../registry.ts'
import { importPlanText } from '../render/state-transfer.ts'
import type { Session } from '../session.ts'
import { beginLog, openStateWork } from './state-work.ts'

export type ImportRequest = {
  readonly project: ProjectFlags
  readonly file: string
  readonly preview: boolean
  readonly yes: boolean
  /** A program reads: nobody is asked. */
  readonly json: boolean
}

export type ImportOutcome = { readonly kind: 'preview' | 'imported'; readonly file: string; readonly plan: ImportPlan; readonly warnings: readonly string[] }

export async function importFile(host: PluginHost, { project, file, preview, yes, json }: ImportRequest, session: Session): Promise<ImportOutcome> {
  await using work = await openStateWork(host, project, session, preview)
  const path = resolve(file)
  const plan = await planImport(work.state, parseExport(await read(path), path))
  const { warnings } = work
  if (preview || plan.writes.length === 0) return { kind: preview ? 'preview' : 'imported', file: path, plan, warnings }
  if (!yes)
    await ask({ what: 'An import replaces what the state knows', shown: () => importPlanText(plan), question: 'Replace it?', look: '--preview' }, json, session)
  await beginLog(work, session)
  await executeImport(work.state, work.targets, plan, session.interrupt.signal)
  session.log?.entry('state.imported', { file: path, databases: plan.databases })
  return { kind: 'imported', file: path, plan, warnings }
}

async function read(path: string): Promise<string> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path))
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (why === '') throw error
    const what = why === 'ERR_ENCODING_INVALID_ENCODED_DATA' ? 'is not UTF-8 text' : `cannot be read (${why})`
    throw new SyncError('STATE_FILE', `${path} ${what}.`, { kind: 'config', hint: 'Give a file that `dbsync state export` has written.', cause: error })
  }
}
