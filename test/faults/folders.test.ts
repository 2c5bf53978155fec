import { execFileSync } from 'node:child_process'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startProxy } from '@dbsync/testkit'
import { expect, test } from 'vitest'
import { said } from '../dbsync.ts'
import { type Project, project } from '../project.ts'
import { errorOf, fill, reportOf, run, startedRun, through } from './kit.ts'

type Document = { tables: Record<string, { targets: Record<string, Record<string, unknown>> } & Record<string, unknown>> }

test('a state that cannot be trusted stops the run or costs a comparison, and never a row', async () => {
  await using work = await project()
  await fill(work, 1)
  await work.sync()
  const file = `sync_status/${work.database}.json`
  const good = await work.read(file)
  const edited = (edit: (target: Record<string, unknown>) => void) => {
    const document = JSON.parse(good) as Document
    edit(document.tables.t1?.targets.copy ?? {})
    return document
  }
  const damaged: readonly unknown[] = [
    good.slice(0, 200),
    [],
    edited((target) => Object.assign(target, { position: { columns: { updated_at: 5 } } })),
    edited((target) => Object.assign(target, { last_sync_time: 'yesterday' })),
    edited((target) => delete target.source_id),
  ]
  for (const content of damaged) {
    await work.write(file, content)
    expect(errorOf(await run(work))).toMatchObject({ code: 'STATE_UNREADABLE', kind: 'config' })
  }
  const doubtful: readonly unknown[] = [
    edited((target) => Object.assign(target, { position: { columns: { updated_at: '2099-01-01 00:00:00' } } })),
    edited((target) => Object.assign(target, { position: 'somewhere' })),
  ]
  for (const [i, content] of doubtful.entries()) {
    await work.write(file, content)
    await work.at.query(`UPDATE t1 SET text = 'new ${i}' WHERE id = 7`)
    expect((await work.sync()).tables[0]).toMatchObject({ strategy: 'digest', updated: 1 })
    await work.same()
  }
  await work.write(
    file,
    edited((target) => Object.assign(target, { target_database: 'of another database' })),
  )
  await work.at.query("UPDATE t1 SET text = 'last' WHERE id = 7")
  expect(reportOf(await run(work)).tables[0]).toMatchObject({ outcome: 'refused', error: { code: 'UNKNOWN_ROWS' } })
  expect((await work.sync('--allow', 'unknown-rows')).tables[0]).toMatchObject({ strategy: 'digest', updated: 1 })
  await work.same()
})

test('two runs at once, each into its own target, write one state', async () => {
  await using work = await project()
  await fill(work, 4)
  const { copy } = work.params.targets as { readonly copy: object }
  await work.write('params.json', { ...work.params, targets: { copy, second: { ...copy, database: '{database}_second' } } })
  const both = await Promise.all([run(work, '--target', 'copy'), run(work, '--target', 'second')])
  for (const outcome of both) expect(outcome.code, said(outcome)).toBe(0)
  const state = JSON.parse(await work.read(`sync_status/${work.database}.json`)) as Document
  for (const [name, table] of Object.entries(state.tables)) expect(Object.keys(table.targets).sort(), name).toEqual(['copy', 'second'])
  await work.same()
})

test('a target that cannot be opened stops the run before anything is written', async () => {
  await using work = await project()
  await fill(work, 1)
  const { copy } = work.params.targets as { readonly copy: object }
  await work.write('params.json', { ...work.params, targets: { copy, second: { ...copy, port: 1, database: '{database}_second' } } })
  const outcome = await run(work)
  expect(outcome.code).toBe(3)
  expect(errorOf(outcome).message).toContain('target second cannot be opened')
  expect(await work.target.server.query(`SHOW DATABASES LIKE '${work.target.database}'`)).toEqual([])
})

test.skipIf(process.platform !== 'linux' || process.getuid?.() !== 0)(
  'a disk that is full or read-only: the run says so and ends with nothing at work',
  async () => {
    await using work = await project()
    await fill(work, 4)
    await using state = await smallDisk(work, 'state')
    await using logs = await smallDisk(work, 'logs')
    Object.assign(work.params, { status_dir: 'state' })
    await work.write('params.json', work.params)
    await work.sync()
    await logs.fill()
    expect((await run(work)).json).toMatchObject({ warnings: expect.arrayContaining([expect.stringContaining('ENOSPC')]) })
    await logs.free()

    await using proxy = await startProxy(work.target.server)
    await through(work, 'target', proxy.port)
    proxy.setFault({ type: 'delay', milliseconds: 10 })
    const running = await startedRun(work, '--full')
    await state.fill()
    const outcome = await running.ended
    expect(outcome.code).toBe(2)
    expect(errorOf(outcome)).toMatchObject({ code: 'STATE_UNWRITABLE', message: expect.stringContaining('disk is full') })
    await state.free()
    await work.write('params.json', work.params)
    expect(reportOf(await run(work)).status).toBe('ok')
    await work.same()

    state.remount('ro')
    expect(errorOf(await run(work))).toMatchObject({ code: 'STATE_UNWRITABLE', message: expect.stringContaining('read-only') })
    expect((await run(work, '--dry-run')).code).toBe(0)
  },
)

test.skipIf(process.platform !== 'linux' || process.getuid?.() !== 0)(
  'a backup point or a journal for which there is no room: nothing is written to the copy, and all of it when there is room again',
  async () => {
    await using work = await project()
    await fill(work, 1)
    await work.sync()
    await using disk = await smallDisk(work, 'backups')
    for (const [mode, code] of [
      ['dump', 'BACKUP_UNWRITABLE'],
      ['journal', 'JOURNAL_WRITE'],
    ]) {
      await work.write('sync-config.json', { sync_settings: { backup_before_sync: true }, backup_settings: { mode } })
      await work.at.query(`UPDATE t1 SET text = '${mode}' WHERE id < 100`)
      await disk.fill()
      const outcome = await run(work)
      expect(outcome.code, said(outcome)).toBe(1)
      expect(said(outcome)).toContain(code)
      expect(said(outcome)).toMatch(/disk is full|no space|ENOSPC/i)
      expect(await work.target.server.query(`SELECT COUNT(*) AS n FROM ${work.target.database}.t1 WHERE text = '${mode}'`), mode).toEqual([{ n: '0' }])
      await disk.free()
      await work.sync()
      await work.same()
    }
  },
)

/** A folder of the project on a file system of its own, of 128 KiB. */
async function smallDisk(work: Project, name: string) {
  const folder = join(work.directory, name)
  const ballast = Array.from({ length: 40 }, (_, i) => join(folder, `ballast-${i}`))
  await mkdir(folder, { recursive: true })
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=128k,mode=700', 'tmpfs', folder])
  return {
    async fill() {
      try {
        for (const file of ballast) await writeFile(file, Buffer.alloc(4096))
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
      }
    },
    async free() {
      for (const file of ballast) await rm(file, { force: true })
    },
    remount: (how: 'ro' | 'rw') => execFileSync('mount', ['-o', `remount,${how}`, folder]),
    [Symbol.asyncDispose]: async () => void execFileSync('umount', [folder]),
  }
}
