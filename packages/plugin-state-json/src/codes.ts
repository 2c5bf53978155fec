/** Every error code of the state files, besides those of the contract: what it means and how to put it right. The error reference is made from this table. */
export const STATE_JSON_CODES = {
  STATE_OPTIONS: 'A folder of the state store is missing in the configuration, or is not a path. Set the option that the message names.',
  STATE_UNWRITABLE: 'A state file could not be written: full disk, quota, missing rights. What was there is unchanged. The hint names the cause.',
  STATE_SYMLINK: 'A state file or its folder is a symbolic link, which is not followed. Name the real place in the settings.',
  STATE_BUSY: 'Another process has kept the state files locked for too long. If it hangs, end it; the hint names the lock file.',
} as const
