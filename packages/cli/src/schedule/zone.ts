import { readlinkSync } from 'node:fs'

/** The zone that cron and systemd go by, whatever TZ this shell has. */
export function systemZone(): string {
  try {
    const [, zone] = /zoneinfo\/(.+)$/.exec(readlinkSync('/etc/localtime')) ?? []
    if (zone !== undefined) return zone
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
  }
  return Intl.DateTimeFormat().resolvedOptions().timeZone
}
