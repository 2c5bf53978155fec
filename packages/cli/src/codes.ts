/** Every error code of the command line itself: what it means and how to put it right. The error reference is made from this table. */
export const CLI_CODES = {
  PLUGIN_FAILED: 'A plugin could not say what it brings: its hook threw, returned nothing or something malformed. Update or uninstall it as the message says.',
  PLUGIN_API_VERSION: 'A plugin was made for another version of the plugin interface. Update dbsync or the plugin, or uninstall it.',
  PLUGIN_DUPLICATE_TYPE: 'Two plugins bring the same type for the same role. Uninstall one of them.',
  CANCELLED: 'A signal stopped the command at a safe point. Run it again: it goes on from where it is.',
  CONFIRMATION: 'The command changes what cannot be seen through at a glance, and nobody is there to ask. Look at it with `--dry-run`, and say `--yes`.',
  DECLINED: 'The question was not answered with yes. Nothing was changed.',
  USAGE: 'A flag or an argument is wrong. The message says which; --help shows what there is.',
  SCHEDULE_JOB: 'No such job, none at all, or one that cannot be run like this. The jobs stand under `schedules` in sync-config.json.',
  SCHEDULE_NONE: 'The machine has nothing that runs jobs by the clock: neither a running systemd nor cron. Install cron, or print the entries with `--print`.',
  SCHEDULE_PROGRAM: 'crontab or systemctl could not be run. Install it, or choose another scheduler with `--with`.',
  SCHEDULE_PATH: 'The path of the project or of dbsync holds a character, such as a line end, that neither a crontab nor a unit file can hold. Rename it.',
  SCHEDULE_CRONTAB: 'The crontab could not be read or written. The message says what `crontab` said; nothing of it was changed unless the message says so.',
  SCHEDULE_SYSTEMD: 'A unit file or systemctl failed. Put right what the message says, and run `dbsync schedule install` again.',
  SCHEDULE_DAMAGED:
    'The part of the crontab, or the unit file, that belongs to this project was changed by hand. Nothing was touched: put it right as the hint says.',
  UNEXPECTED: 'A fault of dbsync or of a plugin. Please report it, with the log file.',
} as const

export type CliCode = keyof typeof CLI_CODES
