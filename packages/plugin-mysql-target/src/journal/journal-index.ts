import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { SyncError, type TableRef } from '@dbsync/core/plugin'
import type { JournalEnd, JournalHeader, RowsDigest, SegmentCounts, SegmentHead } from './content.ts'
import type { Frame } from './frames.ts'

export const decompress = promisify(gunzip)

/** A whole journal but for its rows: they stay in the file, every byte of which was read and proved. */
export type JournalIndex = {
  readonly path: string
  readonly bytes: number
  readonly header: JournalHeader
  /** In the order in which they were written; those that no commit can have followed are left out. */
  readonly segments: readonly Segment[]
  /** `undefined`: the run was killed, or is still at work. */
  readonly end: JournalEnd | undefined
  /** Tables that were rolled back to before this journal. */
  readonly undone: readonly TableRef[]
  /** Bytes at the end that were never whole: nothing happened after them. */
  readonly torn: number
  /** Whole frames. */
  readonly frames: number
}

export type Segment = {
  readonly id: number
  readonly head: SegmentHead
  readonly counts: SegmentCounts
  /** What was about to be committed; `undefined`: it is not certain that it came to that. */
  readonly after: RowsDigest | undefined
  /** Where its rows and keys lie in the file. */
  readonly data: readonly DataPlace[]
}

export type DataPlace = { readonly kind: 'rows' | 'keys'; readonly at: number; readonly size: number; readonly frames: number }

/** Puts the frames together. */
export class IndexBuilder {
  header: JournalHeader | undefined
  readonly #path: string
  readonly #open = new Map<number, { head: SegmentHead; counts?: SegmentCounts; after?: RowsDigest; data: DataPlace[] }>()
  readonly #parts = new Map<number, { at: number; size: number; frames: number; bodies: Buffer[] }>()
  readonly #undone: TableRef[] = []
  #end: JournalEnd | undefined
  #frames = 0

  constructor(path: string) {
    this.#path = path
  }

  get ended(): boolean {
    return this.#end !== undefined
  }

  async add({ kind, segment, body }: Frame, at: number, size: number): Promise<void> {
    this.#frames++
    const before = this.#parts.get(segment)
    const whole = { at: before?.at ?? at, size: (before?.size ?? 0) + size, frames: (before?.frames ?? 0) + 1 }
    if (kind === 'part') {
      this.#parts.set(segment, { ...whole, bodies: [...(before?.bodies ?? []), Buffer.from(body)] })
      return
    }
    this.#parts.delete(segment)
    const json = async <T>() => JSON.parse((await decompress(Buffer.concat([...(before?.bodies ?? []), body]))).toString('utf8')) as T
    const part = this.#open.get(segment)
    switch (kind) {
      case 'header':
        this.header = await json<JournalHeader>()
        if (this.header.version !== 1) throw damaged(this.#path, 'a newer version wrote it')
        return
      case 'end':
        this.#end = await json<JournalEnd>()
        return
      case 'undone':
        this.#undone.push(...(await json<TableRef[]>()))
        return
      case 'open':
        this.#open.set(segment, { head: await json<SegmentHead>(), data: [] })
        return
      case 'void':
        this.#open.delete(segment)
        return
    }
    if (part === undefined) throw damaged(this.#path, `segment ${segment} has no beginning`)
    if (kind === 'rows' || kind === 'keys') part.data.push({ kind, ...whole })
    else if (kind === 'ready') part.counts = await json<SegmentCounts>()
    else part.after = await json<RowsDigest>()
  }

  index(bytes: number, torn: number, finished: boolean): JournalIndex {
    if (this.header === undefined) throw damaged(this.#path, 'its header cannot be read')
    if (finished && this.#end === undefined) throw damaged(this.#path, 'its end is missing')
    const segments = [...this.#open].flatMap(([id, { head, counts, after, data }]) => (counts === undefined ? [] : [{ id, head, counts, after, data }]))
    return { path: this.#path, bytes, header: this.header, segments, end: this.#end, undone: this.#undone, torn, frames: this.#frames }
  }
}

export const damaged = (path: string, what: string, cause?: unknown): SyncError =>
  new SyncError('JOURNAL_DAMAGED', `${path} cannot be used: ${what}`, {
    kind: 'refused',
    cause,
    hint: 'Nothing was changed. Put back an unharmed copy of the file, or choose a newer point: `dbsync backup list` shows them.',
  })
