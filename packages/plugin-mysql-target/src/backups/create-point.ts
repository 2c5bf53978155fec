import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { constants, createGzip } from 'node:zlib'
import type { BackupManifest, BackupPoint, BackupRequest, ServerIdentity } from '@dbsync/core/plugin'
import { cancelled, type MysqlConnection } from '@dbsync/mysql'
import { DumpFacts, dumpText } from './dump-text.ts'
import { createNew, makeFolder, namesIn, publish, removeFile, statsOf, syncFolder, troubled } from './files.ts'
import { removeLeftovers } from './leftover-files.ts'
import { manifestPath, writeManifest } from './manifest.ts'
import { DUMP_SUFFIX, madeAt, pointStem, temporaryName } from './point-names.ts'

/** Writes a point of these tables. `connection` is in no transaction, and is in nobody knows what state where this throws. */
export async function createPoint(connection: MysqlConnection, folder: string, request: BackupRequest, signal: AbortSignal): Promise<BackupPoint> {
  const facts = new DumpFacts()
  const text = dumpText(connection, { tables: request.tables, progress: request.progress, signal }, facts)
  const { id, label } = connection.server
  return await keepPoint(folder, text, request, () => ({ server: { id, label }, facts }), signal)
}

/** Compresses a text into the folder and gives it a name when it is complete. What fails leaves nothing behind. */
export async function keepPoint(
  folder: string,
  text: AsyncIterable<Uint8Array>,
  request: BackupRequest,
  about: () => { readonly server: ServerIdentity; readonly facts: DumpFacts },
  signal: AbortSignal,
): Promise<BackupPoint> {
  const temporaries: string[] = []
  try {
    await makeFolder(folder)
    await removeLeftovers(folder)
    const stem = await freeStem(folder, request.at)
    const dump = join(folder, temporaryName(stem))
    temporaries.push(dump)
    const sha256 = await compress(text, dump, signal)
    const { server, facts } = about()
    const manifest: BackupManifest = {
      version: 1,
      run: request.run,
      target: request.target,
      server,
      consistency: consistency(facts),
      sha256,
      tables: facts.tables,
      state: request.state,
      restoredAt: null,
    }
    return await publishPoint(folder, dump, stem, manifest, temporaries)
  } catch (error) {
    for (const temporary of temporaries) await removeFile(temporary)
    throw signal.aborted ? cancelled(signal) : troubled(folder, error)
  }
}

/** A dump that has its name is complete: so the manifest gets its own before it. A manifest without a dump is not listed, and the next point removes it. */
async function publishPoint(folder: string, dump: string, wanted: string, manifest: BackupManifest, temporaries: string[]): Promise<BackupPoint> {
  const written = await writeManifest(folder, wanted, manifest)
  temporaries.push(written)
  const made = madeAt(wanted)
  for (let further = made?.further ?? 1; ; further++) {
    const stem = pointStem(made?.at ?? new Date(), further)
    if ((await statsOf(join(folder, stem + DUMP_SUFFIX))) !== undefined || !(await publish(written, manifestPath(folder, stem)))) continue
    // From here on the name is ours: whoever makes a point at the same time has found it taken.
    temporaries.push(manifestPath(folder, stem))
    await syncFolder(folder)
    const path = join(folder, stem + DUMP_SUFFIX)
    if (!(await publish(dump, path))) throw new Error(`${path} appeared from nowhere`)
    temporaries.length = 0
    await syncFolder(folder)
    const { size } = await stat(path)
    return { name: stem + DUMP_SUFFIX, path, kind: 'dump', bytes: size, madeAt: (made?.at ?? new Date()).toISOString(), manifest }
  }
}

/** A name of which nothing is there yet, under whatever ending. */
export async function freeStem(folder: string, at: Date): Promise<string> {
  const names = await namesIn(folder)
  for (let further = 1; ; further++) {
    const stem = pointStem(at, further)
    if (!names.some((name) => name.startsWith(`${stem}.`))) return stem
  }
}

/** Through to the disk, and back comes the checksum of the file. Never holds more than a few pieces of the text. */
async function compress(text: AsyncIterable<Uint8Array>, path: string, signal: AbortSignal): Promise<string> {
  await using file = await createNew(path)
  const hash = createHash('sha256')
  await pipeline(
    text,
    createGzip({ level: constants.Z_BEST_SPEED, chunkSize: 1 << 18 }),
    async (compressed: AsyncIterable<Buffer>) => {
      for await (const piece of compressed) {
        hash.update(piece)
        await file.writeFile(piece)
      }
    },
    { signal },
  )
  await file.sync()
  return hash.digest('hex')
}

const consistency = ({ apart }: DumpFacts): BackupManifest['consistency'] =>
  apart.length === 0
    ? { scope: 'all', detail: 'all tables are of one moment' }
    : { scope: 'table', detail: `not of one moment as a whole: ${apart.join('; ')}` }
