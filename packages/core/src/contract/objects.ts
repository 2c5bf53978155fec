import type { JsonValue, Satisfies } from '../model/json.ts'

/** What a database holds besides tables and can be copied on request. */
export const OBJECT_KINDS = ['views', 'triggers', 'routines', 'events'] as const satisfies readonly string[]

export type ObjectKind = (typeof OBJECT_KINDS)[number]

/** With the name it tells one object of a database from all others: a procedure and a function may have the same name. */
export type ObjectType = 'view' | 'trigger' | 'procedure' | 'function' | 'event'

/** An object as one engine describes it, without its definer. JSON-safe: plans carry it. */
export type ObjectDefinition = {
  readonly kind: ObjectKind
  readonly type: ObjectType
  readonly database: string
  readonly name: string
  /** A trigger's table, and the moment at which it fires: triggers of one moment fire in the order in which they are listed. */
  readonly trigger?: { readonly table: string; readonly moment: string }
  /** The engine's text before the name and after it, opaque to core. */
  readonly head: string
  readonly body: string
  /** What the text is read with: SQL mode, character sets, time zone. */
  readonly settings: Readonly<Record<string, string>>
  /** For people; never compared. */
  readonly definer: string
  /** The connected user is the definer, so that it can be made again as it is. */
  readonly own: boolean
}

export type ObjectDefinitions = {
  readonly objects: readonly ObjectDefinition[]
  /** The kinds of which every object is certain to be seen. Of these alone absence means that it is gone. */
  readonly complete: readonly ObjectKind[]
  /** Seen by name, and not to be copied: its text is hidden, or it is `broken` where it is. `reason` completes "it …". */
  readonly unreadable: readonly { readonly kind: ObjectKind; readonly type: string; readonly name: string; readonly reason: string; readonly broken?: true }[]
  /** What these rights hide and how to show it, one sentence each. */
  readonly hidden: readonly string[]
  /** Of the database itself, where objects take something from it. */
  readonly settings: Readonly<Record<string, string>>
}

export type FittedObject = {
  readonly definition: ObjectDefinition
  /** Tables and views of the same database that must be there before it. */
  readonly needs: readonly string[]
  /** What will be other than at the source, one sentence each. */
  readonly warnings: readonly string[]
}

export type ObjectChange =
  | { readonly type: 'create'; readonly definition: ObjectDefinition }
  /** Afterwards a trigger fires as the last one of its moment. */
  | { readonly type: 'replace'; readonly definition: ObjectDefinition; readonly existing: ObjectDefinition }
  | { readonly type: 'drop'; readonly existing: ObjectDefinition }

/** The part of a target that can take views, triggers, routines and events. */
export interface TargetObjects {
  definitions(database: string, kinds: readonly ObjectKind[], signal: AbortSignal): Promise<ObjectDefinitions>
  /** The object as it would read back from this database here. Pure. */
  fit(definition: ObjectDefinition, database: string): FittedObject
  /** The statements of each change, to be executed in this order. Pure. `found` is what `definitions` said, `undefined` where there is no database yet. */
  render(changes: readonly ObjectChange[], found: ObjectDefinitions | undefined): readonly (readonly string[])[]
}

/** @public Fails to compile if a definition stops surviving JSON. */
export type WireObjects = Satisfies<JsonValue, ObjectDefinitions>
