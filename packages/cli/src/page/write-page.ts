import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { access, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { type RunRecord, SyncError } from '@dbsync/core'
import type { CliCode } from '../codes.ts'
import { pageOf } from './page.ts'

/** Throws `REPORT_FILE` where the page could not be written: to be asked before the work whose report it is. */
export async function mustBeWritable(file: string): Promise<void> {
  await orRefuse(file, async () => {
    await access(dirname(resolve(file)), constants.W_OK)
    const there = await stat(file).catch(() => undefined)
    if (there !== undefined && !there.isFile()) throw Object.assign(new Error('it is not a file'), { code: 'EISDIR' })
  })
}

/** Whole, or not at all: a page that was there stays until the new one is complete, and a link there becomes a file. Throws `REPORT_FILE`. */
export async function writePage(file: string, record: RunRecord): Promise<void> {
  const unfinished = `${file}.${randomBytes(6).toString('hex')}.tmp`
  await orRefuse(file, async () => {
    try {
      await writeFile(unfinished, pageOf(record), { mode: 0o600, flag: 'wx' })
      await rename(unfinished, file)
    } finally {
      await rm(unfinished, { force: true })
    }
  })
}

async function orRefuse(file: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
    throw new SyncError('REPORT_FILE' satisfies CliCode, `The report cannot be written to ${file} (${String(error.code)}).`, {
      kind: 'config',
      cause: error,
      hint: 'Give --report a file in a folder that is there and that you may write to.',
    })
  }
}
