import { access, constants, lstat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Finding, SyncError } from '@dbsync/core/plugin'
import { readDocument } from './document.ts'
import { isFolder, namesIn, readBytes, temporariesIn } from './files.ts'
import { existingFolders, type Folders, lockPlace, placesUnder } from './layout.ts'
import { legacyFiles } from './legacy.ts'
import { STALE_MS } from './lock.ts'
import { isAlive, parseOwner } from './owner.ts'

/** Whether every document can be read, its place be written, and whose locks lie there. Writes nothing, so that it knows the age of a file by our clock only. */
export async function examineStore(folders: Folders, signal: AbortSignal): Promise<readonly Finding[]> {
  const places = [...new Set([folders.status, folders.sync])]
  const found: Finding[] = []
  for (const folder of places) found.push(...(await guarded('state-folder', () => folderFindings(folder))))
  if (found.some(({ level }) => level === 'failure')) return found
  found.push(...(await guarded('state', () => documentFindings(folders, signal))), ...(await guarded('lock', () => lockFindings(folders))))
  found.push(...(await guarded('state', () => leftoverFindings(folders))))
  return found
}

async function guarded(id: string, look: () => Promise<readonly Finding[]>): Promise<readonly Finding[]> {
  try {
    return await look()
  } catch (error) {
    if (!SyncError.is(error)) throw error
    return [failed(id, error)]
  }
}

const failed = (id: string, { message, kind, hint }: SyncError): Finding => ({
  level: 'failure',
  id,
  message,
  kind,
  ...(hint === undefined ? {} : { fix: { by: 'hand', text: hint } }),
})

/** A folder that is not there yet is made by the first run: the nearest one above it counts then. */
async function folderFindings(folder: string): Promise<readonly Finding[]> {
  let place = folder
  while (!(await isFolder(place)) && dirname(place) !== place) place = dirname(place)
  try {
    await access(place, constants.R_OK | constants.W_OK | constants.X_OK)
    return []
  } catch {
    const fix = { by: 'command', commands: [`chmod u+rwx ${quoted(place)}`] } as const
    return [
      {
        level: 'failure',
        id: 'state-folder',
        message: `The user that runs this may not write to ${place}: no state can be kept in ${folder}.`,
        kind: 'config',
        fix,
      },
    ]
  }
}

async function documentFindings(folders: Folders, signal: AbortSignal): Promise<readonly Finding[]> {
  const found: Finding[] = []
  const { files } = await legacyFiles(folders, signal).list()
  const legacy = files.filter(({ content }) => content.kind === 'table').map(({ path }) => path)
  let readable = 0
  for (const place of await placesUnder(folders, '')) {
    if (legacy.includes(place.file)) continue
    try {
      await readDocument(place)
      readable++
    } catch (error) {
      if (!SyncError.is(error)) throw error
      found.push(failed('state', error))
    }
  }
  if (legacy.length > 0) {
    const message = `${legacy.length} ${legacy.length === 1 ? 'file is' : 'files are'} of an older tool, such as ${legacy[0]}: nothing is read from there.`
    found.push({ level: 'warning', id: 'state-legacy', message, fix: { by: 'command', commands: ['dbsync state migrate'] } })
  }
  if (found.length === 0)
    found.push({ level: 'ok', id: 'state', message: `${readable} state ${readable === 1 ? 'file' : 'files'} can be read, in ${folders.status}.` })
  return found
}

/** A dead owner's lock stops nobody. But it shows that a run was killed, of which the next one has to put something right. */
async function lockFindings(folders: Folders): Promise<readonly Finding[]> {
  const found: Finding[] = []
  const folder = dirname(lockPlace(folders, '').file)
  for (const name of await namesIn(folder)) {
    if (!name.endsWith('.lock')) continue
    const file = join(folder, name)
    const bytes = await readBytes(file)
    const owner = bytes === undefined ? undefined : parseOwner(bytes)
    if (bytes === undefined || owner === undefined) continue
    const who = `process ${owner.pid} on ${owner.host}, since ${owner.since}`
    if ((await isAlive(owner)) ?? Date.now() - (await lstat(file)).mtimeMs < STALE_MS) {
      found.push({ level: 'note', id: 'lock', message: `A run is at work: ${who}.` })
    } else {
      const message = `A run was killed, and its lock is still there (${who}): the next run takes it over and puts right what was left.`
      found.push({ level: 'warning', id: 'lock', message, fix: { by: 'command', commands: ['dbsync run'] } })
    }
  }
  return found
}

async function leftoverFindings(folders: Folders): Promise<readonly Finding[]> {
  let files = 0
  for (const { folder } of await existingFolders(folders)) files += (await temporariesIn(folder)).length
  return files === 0
    ? []
    : [{ level: 'note', id: 'state', message: `${files} unfinished state ${files === 1 ? 'file' : 'files'} of a killed run: the next run removes them.` }]
}

const quoted = (path: string): string => (/^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`)
