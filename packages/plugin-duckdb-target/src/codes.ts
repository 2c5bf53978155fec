/** Every error code of the DuckDB target: what it means and how to put it right. The error reference is made from this table. */
export const DUCKDB_CODES = {
  DUCKDB_OPTIONS: 'A setting of the DuckDB target is missing or cannot be used. The message names it.',
  DUCKDB_LIBRARY:
    'DuckDB’s library for this kind of machine is not there, or cannot be loaded. npm installs it as an optional dependency: install the plugin again without `--omit=optional`.',
  DUCKDB_IN_USE:
    'The file is open in another program: the DuckDB shell, a notebook, another run. DuckDB lets one program at a time write to a file. Nothing was read or written. Close the file there, or wait for the other run.',
  DUCKDB_UNREADABLE:
    'The file is there and cannot be opened: it is no DuckDB database, a newer DuckDB made it, or the user may not write to it. Nothing was changed. Name another file, or correct its rights.',
  DUCKDB_DISK: 'The disk of the file is full. The rows of the table are as they were before. Make room and run again.',
  DUCKDB_MEMORY: 'A statement needs more memory than `memory_limit` allows. Nothing was changed by it. Raise it, or leave it out.',
  DUCKDB_FAILED: 'DuckDB refused a statement. Nothing was changed by it; the message quotes the answer.',
} as const
