/** Every error code of planning and running, and those that the contracts ask of plugins: what it means and how to put it right. The error reference is made from this table. */
export const ENGINE_CODES = {
  NO_DATABASE_MATCHES: 'No database at the source matches a pattern of `db_list`. The hint lists those that can be seen; correct the pattern or grant SELECT.',
  DATABASE_NOT_VISIBLE: 'A database that is named does not exist, or the user has no rights on it. Correct the name, or grant SELECT on it.',
  NO_TABLE_MATCHES: 'No table matches a pattern of `table_list` or `--table`. Correct the pattern; the hint lists the tables that can be seen.',
  TABLE_NOT_VISIBLE:
    'A table that the configuration, the state or the target knows is not shown by the source. Grant SELECT on it, or exclude it if it was dropped. Nothing was written.',
  NOTHING_TO_SYNC: 'The source shows no table that the configuration selects. Check `db_list`, `table_list`, `exclude_tables` and the rights of the user.',
  TARGETS_COLLIDE: 'Two databases would be written to the same place. Give each a name of its own, such as `"database": "{database}_copy"`.',
  SOURCE_IS_TARGET: 'A database would be written onto itself. Point the target at another server, or give the copy another name.',
  SCHEMA_CONFLICT:
    'The table is defined differently at both ends in a way that a run does not change: a type, a collation, the key. Make both equal by hand, or drop the copy: the next run creates it anew.',
  COLUMNS_NOT_VISIBLE:
    'The target has columns that the source does not show, and rights are granted table by table or column by column. Grant SELECT on the whole table, or drop those columns at the target.',
  SCHEMA_CHANGED: 'A table was altered, dropped or renamed at the source during the run. Run again: the next run plans with what is there then.',
  RUN_LOCKED:
    'Another run works on the same target database, or a statement of a killed one has not ended yet. Wait for it to end; a lock goes with the run that holds it.',
  RUN_LOCK_LOST:
    'The connection that held the lock on the target database was lost, so that another run may have started. Nothing was committed after that. The lock is taken again and the table read anew; where another run has it by then, run again.',
  STATE_UNREADABLE:
    'A state document is there and cannot be read: damaged, of another shape, or a folder without rights. Put the last good copy back, or move the file away: the next run then compares or copies every table in full.',
  STATE_CONFLICT: 'The state was changed by somebody else meanwhile. See that no other run, import or editor writes to it, and run again.',
} as const
