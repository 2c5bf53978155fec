import type { Finding } from '@dbsync/core'
import type { Context } from './context.ts'

/** The end that a group of findings is about: statements and options of its findings are meant for it. */
export type End = { readonly role: 'source' } | { readonly role: 'target'; readonly name: string }

/** One theme. What it throws is told as something that could not be checked, and keeps no other check from its work. */
export type Check = {
  readonly id: string
  readonly title: string
  readonly end?: End
  run(context: Context): Promise<readonly Finding[]> | readonly Finding[]
}

/** Something that the answer depends on is not there: the message says what. */
export class Unchecked extends Error {}
