import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { ServerClient } from '@dbsync/testkit'
import { expect } from 'vitest'
import { dbsync, said } from '../dbsync.ts'
import type { Project } from '../project.ts'
import type { Found, Settings } from './report.ts'

export type Patient = {
  readonly work: Project
  readonly source: ServerClient
  readonly target: ServerClient
  readonly path: string
  /** What only a person can do, by the name of the finding. */
  readonly byHand: Readonly<Record<string, (found: Found) => Promise<void>>>
}

/** Does what the output says, and nothing else. */
export async function treat(patient: Patient, found: Found): Promise<void> {
  const { work, source, target, path, byHand } = patient
  const { fix, group, name } = found
  if (fix === undefined) throw new Error(`${name} has no fix: ${found.message}`)
  switch (fix.by) {
    case 'sql': {
      const server = group === 'source' ? source : target
      for (const statement of fix.statements) await server.query(statement)
      return
    }
    case 'setting': {
      const before = JSON.parse(await work.read(fix.file)) as Settings
      await work.write(fix.file, merged(before, fix.value))
      return
    }
    case 'command':
      for (const command of fix.commands) await shell(command, work, path)
      return
    case 'hand': {
      const hand = byHand[name]
      if (hand === undefined) throw new Error(`nobody knows what to do about ${name}: ${found.message} ${fix.text}`)
      await hand(found)
    }
  }
}

async function shell(command: string, work: Project, path: string): Promise<void> {
  const [program, ...args] = command.split(' ')
  if (program !== 'dbsync') {
    await promisify(execFile)('sh', ['-c', command], { cwd: work.directory })
    return
  }
  const outcome = await dbsync(args, { cwd: work.directory, env: { PATH: path } })
  expect(outcome.code, `${command}: ${said(outcome)}`).toBe(0)
}

function merged(before: Settings, added: Settings): Settings {
  const isSettings = (value: unknown): value is Settings => typeof value === 'object' && value !== null && !Array.isArray(value)
  const both = Object.entries(added).map(([key, value]) => {
    const old = before[key]
    return [key, isSettings(value) && isSettings(old) ? merged(old, value) : value] as const
  })
  return { ...before, ...Object.fromEntries(both) }
}
