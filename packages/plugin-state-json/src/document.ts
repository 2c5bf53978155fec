import { createHash } from 'node:crypto'
import { type JsonValue, SyncError } from '@dbsync/core/plugin'
import { readBytes, unreadable } from './files.ts'
import type { Place } from './layout.ts'

export type Document = { readonly value: JsonObject; readonly revision: string }
type JsonObject = { readonly [key: string]: JsonValue | undefined }

/** The document of a place, or `undefined` where there is none. What is there and is no document throws `STATE_UNREADABLE`. */
export async function readDocument(place: Place): Promise<Document | undefined> {
  const bytes = await readBytes(place.file)
  if (bytes === undefined) return undefined
  const value = documentOf(place.file, bytes)
  if (isForeign(place, value)) {
    throw unreadable(place.file, 'is that of one table, as an older tool wrote it, and no state of a database', FOREIGN_HINT)
  }
  return { value, revision: revisionOf(bytes) }
}

/** The file's text. Users' tools read these files, so the value stands there as it is. */
export function documentText(place: Place, value: JsonValue): string {
  if (!isObject(value)) throw new TypeError(`the state under ${place.key} is not an object`)
  if (isForeign(place, value)) throw new TypeError(`the state under ${place.key} would be taken for that of an older tool`)
  return `${JSON.stringify(value, null, 2)}\n`
}

export const revisionOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** Whether the file is a document of an older tool, one for each table, that lies in the same folder: never read, never removed. */
export async function isForeignFile(place: Place): Promise<boolean> {
  if (!place.key.startsWith('database/')) return false
  const bytes = await readBytes(place.file)
  try {
    return bytes !== undefined && isForeign(place, documentOf(place.file, bytes))
  } catch (error) {
    if (SyncError.is(error)) return false
    throw error
  }
}

const FOREIGN_HINT = 'Take it over with `dbsync state migrate`, or move it out of this folder.'

function isForeign(place: Place, value: JsonObject): boolean {
  return place.key.startsWith('database/') && Object.hasOwn(value, 'table_name') && !Object.hasOwn(value, 'tables')
}

/** What a file holds, which must be a JSON object: throws `STATE_UNREADABLE`. */
export function documentOf(file: string, bytes: Uint8Array): JsonObject {
  if (bytes.length === 0) throw unreadable(file, 'is empty')
  if (bytes.includes(0)) throw unreadable(file, 'holds zero bytes, as after a power cut')
  let value: JsonValue
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)) as JsonValue
  } catch (error) {
    if (error instanceof SyntaxError) throw unreadable(file, 'is not valid JSON: cut off or damaged')
    throw unreadable(file, 'is not UTF-8 text', undefined, error)
  }
  if (!isObject(value)) throw unreadable(file, 'is not a JSON object')
  return value
}

const isObject = (value: JsonValue): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)
