/** Every error code of the command line itself: what it means and how to put it right. The error reference is made from this table. */
export const CLI_CODES = {
  PLUGIN_FAILED: 'A plugin could not say what it brings: its hook threw, returned nothing or something malformed. Update or uninstall it as the message says.',
  PLUGIN_API_VERSION: 'A plugin was made for another version of the plugin interface. Update dbsync or the plugin, or uninstall it.',
  PLUGIN_DUPLICATE_TYPE: 'Two plugins bring the same type for the same role. Uninstall one of them.',
  CANCELLED: 'A signal stopped the command at a safe point. Run it again: it goes on from where it is.',
  CONFIRMATION: 'The command changes what cannot be seen through at a glance, and nobody is there to ask. Look at it with `--dry-run`, and say `--yes`.',
  DECLINED: 'The question was not answered with yes. Nothing was changed.',
  USAGE: 'A flag or an argument is wrong. The message says which; --help shows what there is.',
  STATE_EXPORT: 'The file of a state export could not be written: no such folder, missing rights, full disk. What was there is unchanged.',
  SCHEDULE_JOB: 'No such job, none at all, or one that cannot be run like this. The jobs stand under `schedules` in sync-config.json.',
  SCHEDULE_NONE: 'The machine has nothing that runs jobs by the clock: neither a running systemd nor cron. Install cron, or print the entries with `--print`.',
  SCHEDULE_PROGRAM: 'crontab or systemctl could not be run. Install it, or choose another scheduler with `--with`.',
  SCHEDULE_PATH: 'The path of the project or of dbsync holds a character, such as a line end, that neither a crontab nor a unit file can hold. Rename it.',
  SCHEDULE_CRONTAB: 'The crontab could not be read or written. The message says what `crontab` said; nothing of it was changed unless the message says so.',
  SCHEDULE_SYSTEMD: 'A unit file or systemctl failed. Put right what the message says, and run `dbsync schedule install` again.',
  SCHEDULE_DAMAGED:
    'The part of the crontab, or the unit file, that belongs to this project was changed by hand. Nothing was touched: put it right as the hint says.',
  REPORT_FILE: 'The page that `--report` asks for cannot be written there. Give it a file in a folder that is there and that you may write to.',
  NO_SUCH_PROFILE: 'There is neither params.NAME.json nor sync-config.NAME.json for the profile that `--profile` or DBSYNC_PROFILE names. Make one of them.',
  NO_SUCH_RUN: 'No run is remembered under this id, or several are. The message names the last ones; `dbsync status` lists them.',
  INIT_MISSING: '`dbsync init` has nobody to ask, and not every answer was given. The message names the flags that are missing.',
  INIT_ANSWER: 'An answer that was given to `dbsync init` as a flag cannot be used. The message says why.',
  INIT_EXISTS: 'A file is there and would change, and nobody is there to agree. Look at the difference that was shown, and say `--overwrite`.',
  INIT_CHANGED: 'A file changed while `dbsync init` was asking. Nothing was written: run it again.',
  INIT_WRITE: 'A file could not be written: missing rights, full disk. Everything is as it was before.',
  INIT_ENV_FILE: 'The value cannot stand in a .env file, or the file cannot be changed safely. Keep the secret in a file of its own: `file:PATH`.',
  INIT_NOTHING_SEEN: 'The user of the source sees no database at all. Grant it SELECT on what is to be copied.',
  UNEXPECTED: 'A fault of dbsync or of a plugin. Please report it, with the log file.',
} as const

export type CliCode = keyof typeof CLI_CODES
