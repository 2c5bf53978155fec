import { readFile, readlink } from 'node:fs/promises'
import { hostname } from 'node:os'
import { codeOf } from './files.ts'

/** Who holds a lock, as its file says. */
export type Owner = {
  readonly pid: number
  readonly host: string
  /** Where `pid` has a meaning: this boot of this kernel and this container. Two containers may share a host name, and pids start anew. */
  readonly machine: string
  /** When the process started, in the kernel's own count: a later process with the same pid has another. `null` where that cannot be had. */
  readonly started: string | null
  readonly since: string
  readonly token: string
}

let machine: Promise<string> | undefined

export async function thisProcess(): Promise<Omit<Owner, 'token'>> {
  machine ??= machineId()
  const started = (await statOf(process.pid))?.started ?? null
  return { pid: process.pid, host: hostname(), machine: await machine, started, since: new Date().toISOString() }
}

/** `undefined` where it cannot be known: the owner runs elsewhere. */
export async function isAlive(owner: Owner): Promise<boolean | undefined> {
  machine ??= machineId()
  if (owner.machine !== (await machine)) return undefined
  try {
    process.kill(owner.pid, 0)
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return false
    if (codeOf(error) !== 'EPERM') throw error
  }
  const stat = await statOf(owner.pid)
  if (stat === undefined) return true
  return !stat.dead && (owner.started === null || owner.started === stat.started)
}

/** `undefined` for anything that is not a whole owner: an empty or half-written file. */
export function parseOwner(bytes: Uint8Array): Owner | undefined {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
  if (typeof value !== 'object' || value === null) return undefined
  const { pid, host, machine, started, since, token } = value as Readonly<Record<string, unknown>>
  const whole = [host, machine, since, token].every((part) => typeof part === 'string') && (started === null || typeof started === 'string')
  return whole && Number.isSafeInteger(pid) && (pid as number) > 0 ? (value as Owner) : undefined
}

async function machineId(): Promise<string> {
  if (process.platform !== 'linux') return hostname()
  const [boot, container] = await Promise.all([readFile('/proc/sys/kernel/random/boot_id', 'utf8'), readlink('/proc/self/ns/pid')])
  return `${boot.trim()} ${container}`
}

/** State and start of a process (fields 3 and 22 of proc(5) `stat`); `undefined` where there is no such file to read. */
async function statOf(pid: number): Promise<{ readonly dead: boolean; readonly started: string } | undefined> {
  if (process.platform !== 'linux') return undefined
  let text: string
  try {
    text = await readFile(`/proc/${pid}/stat`, 'utf8')
  } catch (error) {
    if (['ENOENT', 'ESRCH', 'EACCES'].includes(codeOf(error))) return undefined
    throw error
  }
  // The name in field 2 may hold spaces and parentheses: fields are counted after its last one.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return { dead: fields[0] === 'Z' || fields[0] === 'X', started: fields[19] ?? '' }
}
