import type { Config } from '../config/config.ts'
import { isLiteral, literalName, nameMatcher } from '../config/glob.ts'
import { canDigest, type Unreadable } from '../contract/reader.ts'
import type { Source, SourceClock } from '../contract/source.ts'
import type { TableSchema } from '../model/schema.ts'
import { selects } from '../plan/select-tables.ts'

/** What the configuration selects at the source, as far as it can be seen. */
export type Inventory = {
  /** Those that are named and cannot be seen are among them. */
  readonly databases: readonly string[]
  readonly tables: readonly TableSchema[]
  readonly clock: SourceClock
  readonly digests: boolean
  /** Databases of which some or all tables could not be described, and why. */
  readonly troubles: readonly { readonly database: string; readonly error: unknown }[]
}

/** Looks over one connection. A database that cannot be read does not keep the others from being seen. */
export async function takeInventory(source: Source, config: Config, signal: AbortSignal): Promise<Inventory> {
  const visible = await source.databases()
  const selected = visible.filter(nameMatcher(config.databases))
  const named = config.databases.filter(isLiteral).map(literalName)
  await using snapshot = await source.open({ readers: 1, signal })
  const tables: TableSchema[] = []
  const troubles: { database: string; error: unknown }[] = []
  for (const database of selected) {
    try {
      const wanted = selects(config, database, () => false)
      const unreadable: Unreadable = (table, error) => {
        if (wanted(table.name)) troubles.push({ database, error })
      }
      tables.push(...(await snapshot.describe(database, undefined, unreadable)).filter(({ table }) => wanted(table.name)))
    } catch (error) {
      signal.throwIfAborted()
      troubles.push({ database, error })
    }
  }
  return { databases: [...new Set([...named, ...selected])].sort(), tables, clock: snapshot.clock, digests: canDigest(snapshot), troubles }
}
