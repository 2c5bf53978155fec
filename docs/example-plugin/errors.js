/** SQLite's own number for: another connection holds the file. */
export const BUSY = 5

/** What `new SyncError(code, message, { kind, hint, cause })` makes, without a dependency: dbsync knows it by its brand. */
export function syncError(code, kind, message, hint, cause) {
  return Object.assign(new Error(message, { cause }), { name: 'SyncError', brand: 'dbsync.error/1', code, kind, hint, table: undefined })
}

/** What SQLite or the file system refuses, as a sentence for the user. Every other error (a run that is stopped, say) passes as it is. */
export function told(doing, cause) {
  if (cause.errcode === undefined && cause.syscall === undefined) return cause
  // `transient` is tried again, `data` fails one table. The lower byte is SQLite's number, the others say more of it.
  const kind = (cause.errcode & 0xff) === BUSY ? 'transient' : 'data'
  const hint = 'Look at rights and disk space. If a table was changed by hand, drop it there: the next run copies it anew.'
  return syncError('SQLITE_REFUSED', kind, `${doing}: ${cause.message}.`, hint, cause)
}

export function guarded(doing, action) {
  try {
    return action()
  } catch (cause) {
    throw told(doing, cause)
  }
}
