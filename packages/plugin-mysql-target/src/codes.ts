/** Every error code of the MySQL target: what it means and how to put it right. The error reference is made from this table. */
export const MYSQL_TARGET_CODES = {
  MYSQL_TARGET_TRIGGERS: 'The table has triggers at the target, which every written row would fire. Drop them on the copy, or exclude the table.',
  MYSQL_TARGET_COLUMNS:
    'The target has a column that the source does not have, which takes no NULL and has no default: no row could be added. Drop it at the target, or give it a default.',
  MYSQL_UNIQUE_CLASH:
    'A row breaks a unique key of another row that this run did not look at. Nothing was overwritten; a comparison of the whole table (--full) finds both.',
  MYSQL_LOAD_INEXACT: 'The server did not take the rows exactly as they were sent. Nothing was changed in the table; the message quotes the server.',
} as const
