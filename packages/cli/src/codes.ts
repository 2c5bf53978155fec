/** Every error code of the command line itself: what it means and how to put it right. The error reference is made from this table. */
export const CLI_CODES = {
  PLUGIN_FAILED: 'A plugin could not say what it brings: its hook threw, returned nothing or something malformed. Update or uninstall it as the message says.',
  PLUGIN_API_VERSION: 'A plugin was made for another version of the plugin interface. Update dbsync or the plugin, or uninstall it.',
  PLUGIN_DUPLICATE_TYPE: 'Two plugins bring the same type for the same role. Uninstall one of them.',
  CANCELLED: 'A signal stopped the command at a safe point. Run it again: it goes on from where it is.',
  USAGE: 'A flag or an argument is wrong. The message says which; --help shows what there is.',
  UNEXPECTED: 'A fault of dbsync or of a plugin. Please report it, with the log file.',
} as const

export type CliCode = keyof typeof CLI_CODES
