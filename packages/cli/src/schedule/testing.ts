import type { Job } from '@dbsync/core'
import type { SchedulePlan } from './scheduler.ts'

/** Names that break everything that is not quoted right. */
export const HOSTILE = `100% 'odd' \\ \\\\% "$HOME" \`id\` $(id) ; & | > * ~ {a,b} #é🙂 \\`

export const jobOf = (name: string, cron = '0 2 * * *'): Job => ({
  name,
  cron,
  command: 'run',
  mode: 'incremental',
  databases: [],
  tables: [],
  targets: [],
  enabled: true,
})

export const planOf = (jobs: readonly Job[], directory = '/home/me/my sync'): SchedulePlan => ({
  id: '0123456789ab',
  installation: { directory, node: '/opt/node', program: '/opt/dbsync', params: undefined, config: undefined },
  jobs,
})
