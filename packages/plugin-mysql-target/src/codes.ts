/** Every error code of the MySQL target: what it means and how to put it right. The error reference is made from this table. */
export const MYSQL_TARGET_CODES = {
  MYSQL_TARGET_TRIGGERS: 'The table has triggers at the target, which every written row would fire. Drop them on the copy, or exclude the table.',
  MYSQL_TARGET_TRIGGERS_AWAY:
    'Triggers of the copy were taken away while its rows were written, and could not be put back. The rows are right; the message says why. The next run puts the triggers back.',
  MYSQL_TARGET_COLUMNS:
    'The target has a column that the source does not have, which takes no NULL and has no default: no row could be added. Drop it at the target, or give it a default.',
  MYSQL_TARGET_NOT_TRANSACTIONAL:
    'The copy has an engine without transactions (MyISAM, Aria, MEMORY) and cannot be exchanged as a whole: what is killed half way would stay. Give it ENGINE=InnoDB, or drop it at the target.',
  MYSQL_UNIQUE_CLASH:
    'A row breaks a unique key of another row that this run did not look at. Nothing was overwritten; a comparison of the whole table (--full) finds both.',
  BACKUP_UNWRITABLE:
    'A backup point could not be written: no rights, a full disk, a symbolic link instead of the folder. Nothing was left behind, and the run that needed it wrote nothing. Free space, or set `backup_settings.directory`.',
  BACKUP_UNREADABLE: 'A backup point is not a file that can be read. Check the path and the rights on it.',
  BACKUP_DAMAGED:
    'A backup point was cut, changed or exchanged, or holds a statement that no dump of tables has. Nothing was changed. Use another one: `dbsync backup list`.',
  BACKUP_NO_TABLE: 'A backup point was asked for of something that is no table. Leave it out.',
  BACKUP_UNSUPPORTED: 'The target cannot do this with its backup points.',
  JOURNAL_WRITE:
    'What would undo the changes could not be put on disk, so they were not made: a full disk, a quota, a limit on file sizes. Free some space, or set `backup_settings.directory`, and run again.',
  JOURNAL_DAMAGED: 'A journal was cut or changed, or is none. Nothing was changed. Put back an unharmed copy, or choose a newer point: `dbsync backup list`.',
  JOURNAL_CHAIN:
    'To go back to a journal all later ones are undone first, and one of them is missing, or a later run made a dump instead. Put the file back, or take that dump or a later point.',
  JOURNAL_ROWS_CHANGED:
    'A table is not as the runs left it: somebody else changed rows or the definition since. Nothing was changed. Choose a dump; rows, not definitions, are put back whatever they are now with `--allow destructive`.',
  JOURNAL_TABLE_CHANGED: 'A table of the target was altered by somebody else while the run was at work. Run again.',
  JOURNAL_NO_HASH:
    "A table without a key has a row that is too large to be hashed, so that a journal could not find it again. Raise `max_allowed_packet`, or set the backup mode to 'dump'.",
  MYSQL_LOAD_INEXACT: 'The server did not take the rows exactly as they were sent. Nothing was changed in the table; the message quotes the server.',
  MYSQL_RESTORE_PRIVILEGE:
    'A rollback builds tables in databases of its own (`_dbsync_restore_…`) before they change places with the live ones, and may not make them. The hint is the GRANT.',
  MYSQL_RESTORE_TRIGGERS:
    'A rollback has to take triggers away and make them again, and may not. Nothing was changed; the hint names the right that is missing.',
  MYSQL_RESTORE_BUSY: 'Another client holds a table with an open transaction, so that the tables could not change places. Everything is as it was. Run again.',
  MYSQL_RESTORE_HISTORY:
    'A rollback would lose the earlier versions of rows that a table WITH SYSTEM VERSIONING keeps. Save what you need, and allow it with `--allow destructive`.',
  MYSQL_RESTORE_INEXACT: 'The tables that were restored beside the live ones are not what the point says. Nothing was changed. Take another point.',
  MYSQL_RESTORE_NAME_TAKEN:
    'A view or a sequence has the name of a table that is to come back, or a table outside the point has a foreign key of a name that is to come back. Rename or drop it. Nothing was changed.',
} as const
