import type { Finding, Fix, SyncError } from '@dbsync/core'

export const byHand = (text: string): Fix => ({ by: 'hand', text })

/** An error that a user can meet, as the failure that it would be. */
export function failureOf(id: string, { message, kind, hint }: SyncError): Finding {
  return { level: 'failure', id, message, kind, ...(hint === undefined ? {} : { fix: byHand(hint) }) }
}

export const ok = (id: string, message: string): Finding => ({ level: 'ok', id, message })
export const note = (id: string, message: string, fix?: Fix): Finding => ({ level: 'note', id, message, ...(fix === undefined ? {} : { fix }) })
export const warning = (id: string, message: string, fix?: Fix): Finding => ({ level: 'warning', id, message, ...(fix === undefined ? {} : { fix }) })

/** A word for a shell. */
export const shellWord = (text: string): string => (/^[\w./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`)
