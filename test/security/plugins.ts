import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { said } from '../dbsync.ts'
import type { Project } from '../project.ts'

/** Installs a plugin whose `dbsync:register` hook is this code. */
export async function linkPlugin(work: Project, name: string, code: string): Promise<void> {
  const folder = join(work.directory, name)
  await mkdir(join(folder, 'node_modules'), { recursive: true })
  const hooks = { 'dbsync:register': './register.js' }
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name, version: '1.0.0', type: 'module', files: ['register.js'], oclif: { hooks } }))
  await writeFile(join(folder, 'register.js'), code)
  const outcome = await work.dbsync('plugins', 'link', '--no-install', folder)
  if (outcome.code !== 0) throw new Error(said(outcome))
}
