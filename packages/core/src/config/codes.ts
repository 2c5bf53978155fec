/** Every error code of the configuration: what it means and how to put it right. The error reference is made from this table. */
export const CONFIG_CODES = {
  CONFIG_FILE_MISSING: 'A file that was named with `--params` or `--config` is not there. Check the path; relative paths start at the current folder.',
  CONFIG_FILE_UNREADABLE: 'A configuration file is there and cannot be read: a folder, missing rights, or bytes that are not UTF-8 text.',
  CONFIG_FILE_TOO_LARGE: 'A configuration file is larger or nested deeper than any sensible one. Check that the path names the right file.',
  CONFIG_JSON: 'A file is not valid JSON. The message names line and column. Comments and trailing commas are allowed.',
  CONFIG_VALUE: 'A setting has the wrong type or a value out of range. The message names the setting, where it stands and what it must be.',
  CONFIG_UNKNOWN_KEY: 'A key or an option that nothing reads, mostly a typing mistake. The message names the nearest valid one.',
  CONFIG_PATTERN: 'A name or pattern cannot be used: too long, too many stars, or a character that must be escaped with a backslash.',
  CONFIG_NO_SOURCE: 'Nothing says which database server to read from. Give `db_host` and `db_user` in params.json, or DB_HOST and DB_USER in .env.',
  CONFIG_NO_DATABASES: 'Nothing says which databases to read. Give `db_list` in params.json or DB_NAME in .env.',
  CONFIG_NO_TARGET: 'Nothing says where to copy to. Give `targets` in params.json or sync-config.json, or BACKUP_DB_HOST in .env.',
  CONFIG_TARGET_NAME: 'A target has no usable name, or two targets have the same one. Use letters, digits, `-` and `_`, each name once.',
  CONFIG_TARGET_DATABASE:
    "Two databases would be written to one place, or a database onto itself. Use `{database}` in the target's `database`, or another server.",
  CONFIG_OPTION: 'A target, source or state store lacks an option that it needs, or has one of the wrong kind.',
  CONFIG_TYPE: 'No installed plugin brings the `type` that a source, target or state store names. `dbsync targets` lists what is installed.',
  CONFIG_SECRET: 'A secret that the configuration refers to (`env:`, `file:` or `cmd:`) could not be had. The message names the setting.',
  CONFIG_NO_MATCH: 'A flag selects something that the configuration does not have. Flags narrow what the files select; the message lists what there is.',
  CONFIG_INVALID: 'Several things are wrong at once. The message lists them all.',
} as const

export type ConfigCode = keyof typeof CONFIG_CODES
