/** Every error code of planning and running, and those that the contracts ask of plugins: what it means and how to put it right. The error reference is made from this table. */
export const ENGINE_CODES = {
  NO_DATABASE_MATCHES: 'No database at the source matches a pattern of `db_list`. The hint lists those that can be seen; correct the pattern or grant SELECT.',
  DATABASE_NOT_VISIBLE: 'A database that is named does not exist, or the user has no rights on it. Correct the name, or grant SELECT on it.',
  NO_TABLE_MATCHES: 'No table matches a pattern of `table_list` or `--table`. Correct the pattern; the hint lists the tables that can be seen.',
  TABLE_NOT_VISIBLE:
    'A table that the configuration, the state or the target knows is not shown by the source. Grant SELECT on it, or exclude it if it was dropped. Nothing was written.',
  NOTHING_TO_SYNC: 'The source shows no table that the configuration selects. Check `db_list`, `table_list`, `exclude_tables` and the rights of the user.',
  TABLES_COLLIDE:
    'Two tables have one name at the target, which does not tell capitals from small letters (lower_case_table_names). Neither was written. Rename one at the source, or leave it out with `exclude_tables`.',
  TARGETS_COLLIDE: 'Two databases would be written to the same place. Give each a name of its own, such as `"database": "{database}_copy"`.',
  SOURCE_IS_TARGET: 'A database would be written onto itself. Point the target at another server, or give the copy another name.',
  SCHEMA_CONFLICT:
    'The table is defined differently at both ends in a way that this target cannot change by itself. The message names it: make both equal by hand, or drop the copy, and the next run creates it anew.',
  SCHEMA_FROZEN:
    'The definition of the table differs, and its `schema_policy` is `freeze`: nothing was written. Set it to `evolve`, or change the copy by hand.',
  SCHEMA_NARROWS:
    'Rows of the copy do not fit the new definition of the table, and it can be neither altered after the rows are in nor copied anew (foreign keys lead to it, or it has columns of its own). Nothing was written to it. Change those rows, drop the copy of the table, or allow it: `--allow destructive`.',
  OBJECT_CLASH:
    'A view is to be made where the target has a table of that name, or a table where it has a view. Drop or rename the one at the target that is not needed.',
  OBJECT_NOT_VISIBLE:
    'The target has a routine, trigger or event of that name and does not show what it is. Grant its user what the message names, or drop it there.',
  COLUMNS_NOT_VISIBLE:
    'The target has columns that the source does not show, and rights are granted table by table or column by column. Grant SELECT on the whole table, or drop those columns at the target.',
  SCHEMA_CHANGED: 'A table was altered, dropped or renamed at the source during the run. Run again: the next run plans with what is there then.',
  SOURCE_EMPTY:
    'A source table has no rows and its copy has some, which a wrong or broken source looks like. Nothing was changed. If it was emptied on purpose: `--allow deletes`.',
  TOO_MANY_DELETES:
    'More rows of a table would be deleted than `max_delete_percent` says, and more than ten. Nothing was changed. `dbsync verify` names the rows; if it is right: `--allow deletes`.',
  UNKNOWN_ROWS:
    'A table was at the target before its first sync, and has rows that the source does not have. Nothing was changed. See that the target is the right database; then `--allow unknown-rows`.',
  SERVER_CHANGED:
    'The source or a target is not the server that the tables were synced with the last time. Nothing was written. After a move, a restore or a failover: `--allow new-server`, once.',
  NOT_EQUAL:
    'A table was synced, and is not equal when it is looked at again (`verify_after_sync`). Somebody else writes to the copy, or its server changes values. The next run compares the whole table.',
  RUN_LOCKED:
    'Another run works on the same target database, or a statement of a killed one has not ended yet. Wait for it to end; a lock goes with the run that holds it.',
  RUN_LOCK_LOST:
    'The connection that held the lock on the target database was lost, so that another run may have started. Nothing was committed after that. The lock is taken again and the table read anew; where another run has it by then, run again.',
  STATE_UNREADABLE:
    'A state document is there and cannot be read: damaged, of another shape, or a folder without rights. Put the last good copy back, or move the file away: the next run then compares or copies every table in full.',
  STATE_LEGACY:
    'An older tool has left state files of tables that the run is about. Nothing was changed. `dbsync state migrate` takes them over; moved out of the folder, the tables begin anew.',
  STATE_TARGET: 'The state files of an older tool do not say which target they speak of, and there are several. Name it with `--target`.',
  STATE_FILE:
    'A file that is to be imported is no export of the state, or is damaged; or the file that an export would replace is something else. Nothing was changed. The message says what is wrong.',
  STATE_NOTHING: 'Nothing in the state fits what was asked for. The hint lists what there is.',
  BACKUP_NOTHING: 'A backup point was asked for, and the target has none of the tables that the configuration selects. Correct the selection, or take `--all`.',
  BACKUP_POLICY:
    'The settings would keep no backup point at all. Set one of `keep_last`, `keep_daily` and `keep_weekly`; to make no points, set `backup_before_sync` to false.',
  STATE_CONFLICT: 'The state was changed by somebody else meanwhile. See that no other run, import or editor writes to it, and run again.',
  ROLLBACK_UNFINISHED:
    'A rollback was stopped after it had begun to exchange tables, so that triggers or foreign keys may still be missing and the state does not fit. Run the command that the hint names: it finishes it. Nothing else writes to these databases until then.',
  ROLLBACK_FINISHED: 'The unfinished rollback was finished by another command while this one waited. There is nothing left to do.',
  ROLLBACK_OVERTAKEN:
    'A run was at work between the look at a backup point and the rollback to it: it removed the point, or, of a journal, more would have to be undone than was planned. Nothing was changed. Run the command again.',
  ROLLBACK_POINT_DAMAGED: 'The backup point cannot be used: a checksum does not fit, or the file is cut or altered. Nothing was changed. Take another point.',
  ROLLBACK_OTHER_SERVER: 'The backup point was made of another server than the target is now. Check host and port, or allow it with `--allow new-server`.',
  ROLLBACK_NOTHING: 'The backup point holds no table. Take another point.',
  ROLLBACK_WHERE: 'A file of another tool does not say which database its tables belong to. Name it with `--database`.',
  ROLLBACK_UNSUPPORTED: 'Targets of this type have no backup points, so that nothing can be rolled back.',
  PURGE_UNSUPPORTED:
    'A database of this target is a database of its own, which `dbsync purge` never drops. Drop it there, or name the targets with shared tables with `--target`.',
  PURGE_UNKNOWN:
    'Neither the state nor a target has anything of the database that is to be purged: the name is wrong, or all of it is gone already. Or the target has one place for all, and the state does not say that this database alone is there. The hint lists the databases that are known.',
  PURGE_SEVERAL: 'A pattern matches several databases, and a purge takes each by its name. The hint lists them: give `--database` once for each.',
  PURGE_LEFT:
    'After the rows of a database were deleted there were some again: something else writes them, or a statement of a killed run came to its end meanwhile. Run the command again.',
  BACKUP_POINT_UNKNOWN: 'No backup point of the target has this name or run. The hint lists those that are there.',
} as const
