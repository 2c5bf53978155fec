import { SyncError } from '@dbsync/core/plugin'

/** What DuckDB, or the disk, answered, in the words of dbsync. `doing` tells people what for. */
export function duckdbError(failure: unknown, doing: string, path: string): unknown {
  if (!(failure instanceof Error) || SyncError.is(failure)) return failure
  const { message } = failure
  const error = (code: string, kind: SyncError['kind'], text: string, hint: string) => new SyncError(code, text, { kind, hint, cause: failure })
  const quoted = `DuckDB file ${path}, ${doing}: ${message.replaceAll(/\s+/g, ' ').slice(0, 600)}`
  if (/could not set lock on file/i.test(message)) {
    const [, program, pid] = /lock is held in (.*?) \(PID (\d+)\)/.exec(message) ?? []
    const holder = pid === undefined ? 'another program' : `another program (${program}, process ${pid})`
    const hint = 'One program at a time can write to a DuckDB file. Close it there (in the DuckDB shell: .quit), or wait for the other run, and run again.'
    return error('DUCKDB_IN_USE', 'locked', `The DuckDB file ${path} is open in ${holder}.`, hint)
  }
  if (/no space left|disk (is )?full|ENOSPC|max_temp_directory_size|failed to offload/i.test(message)) {
    return error('DUCKDB_DISK', 'data', quoted, `Make room where ${path} is, and run again: the rows of the table are as they were.`)
  }
  if (/^out of memory|could not allocate/i.test(message)) return error('DUCKDB_MEMORY', 'data', quoted, 'Raise memory_limit of the target.')
  if (/not a valid duckdb database|cannot open file|permission denied|EACCES|version number|newer version|could not (read|open)/i.test(message)) {
    return error('DUCKDB_UNREADABLE', 'config', quoted, 'Name another file with "path", or correct its rights. A file of a newer DuckDB needs a newer dbsync.')
  }
  if (/^transactioncontext|write-write conflict|conflict on/i.test(message)) return error('DUCKDB_FAILED', 'transient', quoted, 'Run again.')
  return error('DUCKDB_FAILED', 'data', quoted, 'If it names a value, correct the row at the source; otherwise please report it with the log file.')
}
