import { join } from 'node:path'
import { namesIn, readBytes, replaceFile, unreadable } from './files.ts'
import { decodeName, encodeFolder, encodeName, isHashed } from './names.ts'

export type Folders = {
  /** One file for each source database. */
  readonly status: string
  /** The file of the last run. */
  readonly sync: string
}

/** Where a document lies. `folders` are its folder and those above it up to the configured one, outermost first. */
export type Place = {
  readonly key: string
  readonly file: string
  readonly folders: readonly string[]
  /** The name that `file` stands for. */
  readonly name: string
}

const DATABASE = 'database/'
const LAST_RUN = 'last-run'
const LAST_RUN_FILE = 'sync-state.json'
/** All that is not for the users' tools. No encoded name starts with a dot. */
const OWN = '.dbsync'
/** Unlike any encoded name, so that no group of keys has it. */
const LOCKS = '%locks'

/** The key of the document whose file, in the folder of the databases, has this name without its ending. Throws where a long name should be kept beside it and is not. */
export async function keyOfFile(file: string, encoded: string): Promise<string | undefined> {
  const name = isHashed(encoded) ? await keptName(file, encoded) : decodeName(encoded)
  return name === undefined ? undefined : `${DATABASE}${name}`
}

export async function placeOf(folders: Folders, key: string): Promise<Place> {
  if (key === LAST_RUN) return lastRun(folders)
  if (key.startsWith(DATABASE)) {
    const name = key.slice(DATABASE.length)
    return { key, name, folders: [folders.status], file: join(folders.status, `${await databaseFile(folders.status, name)}.json`) }
  }
  const own = join(folders.status, OWN)
  const slash = key.indexOf('/')
  const group = slash < 0 ? undefined : encodeFolder(key.slice(0, slash))
  const name = group === undefined ? key : key.slice(slash + 1)
  const inside = group === undefined ? own : join(own, group)
  const above = group === undefined ? [folders.status] : [folders.status, own]
  return { key, name, folders: [...above, inside], file: join(inside, `${encodeName(name, 'escaped')}.json`) }
}

/** The configured folders and those of the store itself, as far as they are there: all places of documents, locks and temporary files. */
export async function existingFolders(folders: Folders): Promise<readonly { readonly top: string; readonly folder: string }[]> {
  const own = join(folders.status, OWN)
  const inside = (await namesIn(folders.status)).includes(OWN) ? (await namesIn(own)).filter((name) => !name.includes('.')) : []
  const status = [folders.status, own, ...inside.map((name) => join(own, name))].map((folder) => ({ top: folders.status, folder }))
  return [...status, { top: folders.sync, folder: folders.sync }]
}

export function lockPlace(folders: Folders, name: string): { readonly folders: readonly string[]; readonly file: string } {
  const own = join(folders.status, OWN)
  const locks = join(own, LOCKS)
  return { folders: [folders.status, own, locks], file: join(locks, `${encodeName(name, 'escaped')}.lock`) }
}

/** The lock on writing to the documents below a configured folder. */
export const folderLock = (top: string | undefined): string => join(top ?? '', `${OWN}.lock`)

/** Every document whose key starts with `prefix`, in the order of the keys. */
export async function placesUnder(folders: Folders, prefix: string): Promise<readonly Place[]> {
  const found: Place[] = []
  const overlaps = (start: string) => start.startsWith(prefix) || prefix.startsWith(start)
  if (overlaps(DATABASE)) found.push(...(await documentsIn([folders.status], DATABASE)))
  if (LAST_RUN.startsWith(prefix) && (await namesIn(folders.sync)).includes(LAST_RUN_FILE)) found.push(lastRun(folders))
  const own = join(folders.status, OWN)
  const inside = (await namesIn(folders.status)).includes(OWN) ? await namesIn(own) : []
  if (inside.length > 0) found.push(...(await documentsIn([folders.status, own], '')))
  for (const folder of inside) {
    const group = folder.includes('.') ? undefined : decodeName(folder)
    if (group !== undefined && overlaps(`${group}/`)) found.push(...(await documentsIn([folders.status, own, join(own, folder)], `${group}/`)))
  }
  return found.filter((place) => place.key.startsWith(prefix)).sort((a, b) => (a.key < b.key ? -1 : 1))
}

/** A name that is too long for a file is kept beside it; written before the document, so that no document lacks it. */
export async function keepName(place: Place): Promise<void> {
  if (isHashed(place.file) && (await readBytes(nameFile(place.file))) === undefined) await replaceFile(nameFile(place.file), `${JSON.stringify(place.name)}\n`)
}

/** The file beside a document that holds its name; `undefined` where the name is in the file's own. */
export const nameFileOf = (place: Place): string | undefined => (isHashed(place.file) ? nameFile(place.file) : undefined)

const nameFile = (file: string) => file.replace(/\.json$/, '.name')

const lastRun = (folders: Folders): Place => ({ key: LAST_RUN, name: LAST_RUN, folders: [folders.sync], file: join(folders.sync, LAST_RUN_FILE) })

/** Capitals stay, unless the folder has a file that differs only in case: a disk that ignores case would take them for one. */
async function databaseFile(folder: string, name: string): Promise<string> {
  const [kept, apart] = [encodeName(name, 'kept'), encodeName(name, 'apart')]
  const there = await namesIn(folder)
  if (there.includes(`${kept}.json`)) return kept
  const taken = there.some((file) => file.toLowerCase() === `${kept}.json`.toLowerCase())
  return taken || there.includes(`${apart}.json`) ? apart : kept
}

async function documentsIn(folders: readonly string[], prefix: string): Promise<Place[]> {
  const folder = folders.at(-1) ?? ''
  const found: Place[] = []
  for (const entry of await namesIn(folder)) {
    if (!entry.endsWith('.json')) continue
    const encoded = entry.slice(0, -'.json'.length)
    const file = join(folder, entry)
    const name = isHashed(encoded) ? await keptName(file, encoded) : decodeName(encoded)
    if (name !== undefined) found.push({ key: `${prefix}${name}`, name, folders, file })
  }
  return found
}

async function keptName(file: string, encoded: string): Promise<string> {
  const bytes = await readBytes(nameFile(file))
  try {
    const name: unknown = JSON.parse(bytes?.toString('utf8') ?? '')
    if (typeof name === 'string' && encodeName(name, 'escaped') === encoded) return name
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  throw unreadable(file, `belongs to a name that ${nameFile(file)} should hold and does not`)
}
