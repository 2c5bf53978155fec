import type { ObjectChange, ObjectDefinition, ObjectDefinitions } from '@dbsync/core/plugin'
import { quoteId, SESSION_TEXT } from '@dbsync/mysql'

type Flavour = 'mariadb' | 'mysql'

/** A database that is always there and in which nothing is looked for. */
const NOWHERE = 'USE information_schema'

/**
 * The statements of each change, in order. Routines, triggers and events remember the collation that their database has when they are
 * made: it is set where it is another one, which changes no table.
 */
export function renderObjects(changes: readonly ObjectChange[], found: ObjectDefinitions | undefined, flavour: Flavour): readonly (readonly string[])[] {
  let collation = found?.settings['collation']
  return changes.map((change) => {
    if (change.type === 'drop') return [dropObject(change.existing)]
    const { definition } = change
    const wanted = definition.settings['database_collation']
    const first = wanted === undefined || wanted === collation ? [] : [`ALTER DATABASE ${quoteId(definition.database)} COLLATE ${plain(wanted)}`]
    collation = wanted ?? collation
    // The server replaces a trigger of the same table only.
    const moved = change.type === 'replace' && change.existing.trigger?.table !== definition.trigger?.table
    return [...first, ...(moved ? [dropObject(change.existing)] : []), ...createObject(definition, flavour)]
  })
}

/** Makes or replaces it, read as at the source: with its SQL mode, character sets and time zone. */
export function createObject(definition: ObjectDefinition, flavour: Flavour): readonly string[] {
  const { type, database, name, trigger, head, body } = definition
  const inPlace = type === 'view' || flavour === 'mariadb'
  const on = trigger === undefined ? '' : ` ${trigger.moment} ON ${quoteId(database)}.${quoteId(trigger.table)} FOR EACH ROW`
  const create = `CREATE ${inPlace ? 'OR REPLACE ' : ''}${head} ${quoteId(database)}.${quoteId(name)}${on}${body}`
  // A view finds functions without a database in the one that is in use.
  const [enter, leave] = type === 'view' ? [[`USE ${quoteId(database)}`], [NOWHERE]] : [[], []]
  return [...(inPlace ? [] : [dropObject(definition)]), ...enter, ...readAs(definition), create, SESSION_TEXT, ...leave]
}

export const dropObject = ({ type, database, name }: ObjectDefinition): string => `DROP ${type.toUpperCase()} IF EXISTS ${quoteId(database)}.${quoteId(name)}`

function readAs({ settings }: ObjectDefinition): readonly string[] {
  const wanted = ['sql_mode', 'time_zone', 'character_set_client', 'collation_connection'].flatMap((name) => {
    const value = settings[name]
    return value === undefined ? [] : [`${name} = '${plain(value)}'`]
  })
  return wanted.length === 0 ? [] : [`SET ${wanted.join(', ')}`]
}

/** Names of modes, collations and zones: a server that says anything else is not to be believed. */
function plain(value: string): string {
  if (/^[\w,+:/.-]*$/.test(value)) return value
  throw new Error(`a setting of an object has an impossible value: ${JSON.stringify(value)}`)
}
