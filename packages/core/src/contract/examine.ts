import type { ErrorKind } from '../errors/sync-error.ts'
import type { JsonValue, Satisfies } from '../model/json.ts'
import type { TableSchema } from '../model/schema.ts'
import type { ObjectKind } from './objects.ts'

/**
 * One thing that `dbsync doctor` has looked at. `note`: good to know, and nothing to do. `warning`: it works, and will cost time or safety.
 * `failure`: runs fail, or data is in danger. `unchecked`: it could not be looked at, and the message says why.
 */
export type Finding = {
  readonly level: 'ok' | 'note' | 'warning' | 'failure' | 'unchecked'
  /** What was looked at, the same word in every version: `local_infile`, `rights`. */
  readonly id: string
  /** One sentence, without the name of the end that it is about: it stands under that. */
  readonly message: string
  readonly fix?: Fix
  /** Of a failure, what kind of trouble it is: it decides the exit code. Left out: `refused`. */
  readonly kind?: ErrorKind
}

/** What puts it right, to be taken over as it stands. */
export type Fix =
  /** Statements for the server that the finding is about, each with its semicolon. `keep`: what its option file needs too, so that it lasts. */
  | { readonly by: 'sql'; readonly statements: readonly string[]; readonly keep?: string }
  /** Commands of a shell in the project's folder. */
  | { readonly by: 'command'; readonly commands: readonly string[] }
  /** A setting of this end, such as `ssl`; the host knows where it stands. */
  | { readonly by: 'option'; readonly name: string; readonly value: JsonValue }
  /** Keys of a configuration file as they stand there, from its top. */
  | { readonly by: 'setting'; readonly file: 'params.json' | 'sync-config.json'; readonly value: { readonly [key: string]: JsonValue } }
  /** What only a person can do. */
  | { readonly by: 'hand'; readonly text: string }

/** What an end is asked to look at. Nothing is written anywhere, and no more rights are needed than for a run. */
export type ExamineRequest = {
  /** Databases as this end names them; those that cannot be seen are among them. */
  readonly databases: readonly string[]
  /** What is copied besides tables. */
  readonly objects: readonly ObjectKind[]
  /** Backup points are made, so that there may be a rollback. */
  readonly backups: boolean
  /** Connections that a run may open. */
  readonly connections: number
  /** At the source: the tables that are copied, and the columns by which changes of them are looked for. */
  readonly tables: readonly { readonly schema: TableSchema; readonly timed: readonly string[] }[]
  readonly signal: AbortSignal
}

/** What an end says of itself, to be compared with the others too. */
export type Examination = {
  readonly findings: readonly Finding[]
  readonly clock?: EndClock
  /** The largest row that can pass, in bytes, and what raises it. */
  readonly rowLimit?: { readonly bytes: number; readonly raise: (bytes: number) => Fix }
}

export type EndClock = {
  /** Milliseconds by which it is ahead of this machine, and how far that may be off. */
  readonly aheadMs: number
  readonly uncertainMs: number
  /** Minutes that its own zone is ahead of UTC. */
  readonly zoneMinutes: number
}

/** Looks at one thing after the other; one that cannot be looked at says so and does not keep the others from it. */
export async function examineAll(
  looks: readonly (readonly [id: string, look: () => readonly Finding[] | Promise<readonly Finding[]>])[],
): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  for (const [id, look] of looks) {
    try {
      findings.push(...(await look()))
    } catch (error) {
      if (!(error instanceof Error)) throw error
      findings.push({ level: 'unchecked', id, message: error.message })
    }
  }
  return findings
}

/** @public Fails to compile if a finding stops surviving JSON. */
export type WireFinding = Satisfies<JsonValue, Finding>
