/** For hosts: the command line, the tests. Plugins import `@dbsync/core/plugin`. */
export type * from './config/config.ts'
export * from './events/event.ts'
export type * from './plan/plan.ts'
export * from './plugin.ts'
export type * from './run/report.ts'
