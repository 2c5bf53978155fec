import { open } from 'node:fs/promises'
import { isAbsolute, join, relative, resolve } from 'node:path'
import type { Problem } from './problems.ts'

const MAX_BYTES = 512 * 1024

/** A file's text. `name` is the path as people say it; relative paths in the text start at the folder of `path`. */
export type TextFile = { readonly path: string; readonly name: string; readonly text: string }

/**
 * Reads the file that the user named, else the first of `usual` that is there.
 * A named file that is missing is a problem; a usual one is not, it is `undefined`.
 */
export async function findFile(cwd: string, named: string | undefined, usual: readonly string[], problems: Problem[]): Promise<TextFile | undefined> {
  for (const candidate of named === undefined ? usual : [named]) {
    const path = resolve(cwd, candidate)
    const name = isAbsolute(candidate) ? shown(cwd, path) : candidate
    const found = await readText(path, name, problems)
    if (found !== 'missing') return found
  }
  if (named !== undefined) {
    problems.push({
      code: 'CONFIG_FILE_MISSING',
      severity: 'error',
      message: `There is no file ${resolve(cwd, named)}.`,
      hint: `Check the path: relative ones start at ${cwd}.`,
    })
  }
  return undefined
}

async function readText(path: string, name: string, problems: Problem[]): Promise<TextFile | undefined | 'missing'> {
  try {
    const bytes = await readLimited(path)
    if (bytes === undefined) {
      problems.push({ code: 'CONFIG_FILE_TOO_LARGE', severity: 'error', message: `${name} is larger than ${MAX_BYTES / 1024} KiB.` })
      return undefined
    }
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return { path, name, text }
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'missing'
    const reasons = new Map<unknown, string>([
      ['EISDIR', 'it is a folder'],
      ['EACCES', 'this user may not read it'],
      ['ERR_ENCODING_INVALID_ENCODED_DATA', 'it is not UTF-8 text'],
    ])
    const reason = reasons.get(code) ?? (cause instanceof Error ? cause.message : String(cause))
    problems.push({ code: 'CONFIG_FILE_UNREADABLE', severity: 'error', message: `${name} cannot be read: ${reason}.` })
    return undefined
  }
}

/** Asks for one byte more than allowed, so that a device or a pipe cannot fill the memory. */
async function readLimited(path: string): Promise<Uint8Array | undefined> {
  await using file = await open(path, 'r')
  const buffer = Buffer.alloc(MAX_BYTES + 1)
  let length = 0
  while (length < buffer.length) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length, null)
    if (bytesRead === 0) return buffer.subarray(0, length)
    length += bytesRead
  }
  return undefined
}

function shown(cwd: string, path: string): string {
  const inside = relative(cwd, path)
  return inside.startsWith('..') || isAbsolute(inside) ? path : join(inside)
}
