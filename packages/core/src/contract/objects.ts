/** What a database holds besides tables and can be copied on request. */
export const OBJECT_KINDS = ['views', 'triggers', 'routines', 'events'] as const satisfies readonly string[]

export type ObjectKind = (typeof OBJECT_KINDS)[number]
