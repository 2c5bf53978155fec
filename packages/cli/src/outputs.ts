import type {
  DryRun,
  LeftFile,
  MergedTable,
  MigrationReport,
  OtherObjects,
  PurgePlan,
  RollbackPlan,
  RollbackReport,
  RunRecord,
  RunReport,
  StatusReport,
  VerifyReport,
} from '@dbsync/core'
import type { AlertAnswer } from './alerts/send.ts'
import type { Failure } from './failure.ts'
import type { Checked, Created, PointOf, Pruned } from './services/backup.ts'
import type { DoctorOutcome } from './services/doctor.ts'
import type { InitOutcome } from './services/init.ts'
import type { InstallOutcome, PrintOutcome } from './services/schedule-install.ts'
import type { RemoveOutcome } from './services/schedule-remove.ts'
import type { JobOutcome } from './services/schedule-run.ts'
import type { ShowOutcome } from './services/schedule-show.ts'
import type { ShownConfig } from './services/show-config.ts'
import type { ExportOutcome } from './services/state-export.ts'
import type { ImportOutcome } from './services/state-import.ts'
import type { ResetOutcome } from './services/state-reset.ts'
import type { StateShown } from './services/state-show.ts'
import type { StatusOutcome } from './services/status.ts'
import type { InstalledProvider } from './services/targets.ts'
import type { ValidateOutcome } from './services/validate.ts'

// What each command prints with `--json`: `dbsync backup list` a `BackupListOutput`. The files in schemas/ are made from these types, doc comments
// included: node scripts/docs.ts

/** Instead of anything else where a command could not do its work. */
export type ErrorOutput = { readonly error: Failure['json'] }

type Warnings = { readonly warnings: readonly string[] }

/** What a run did. */
export type RunDone = Warnings & {
  readonly status: RunReport['status']
  readonly report: RunReport
  /** By source database: what is there besides tables, and is not asked for; `null` where these rights do not show it. */
  readonly notCopied: Readonly<Record<string, Readonly<Partial<Record<keyof OtherObjects, readonly string[] | null>>>>>
}

/** What a run would do: `--dry-run`. */
export type RunPlanned = Warnings & DryRun & { readonly status: 'planned' }

export type RunOutput = RunDone | RunPlanned

/** `status` is the one after the repair, where there was one. */
export type VerifyOutput = Warnings & {
  readonly status: VerifyReport['status']
  readonly report: VerifyReport
  /** What `--repair` moved. */
  readonly repair?: RunReport
  /** What was found after the repair. */
  readonly after?: VerifyReport
}

/** A run without its reports: they are shown with `--run`. */
export type BriefRecord = Omit<RunRecord, 'report' | 'verification' | 'rates'>

/** Everything that is remembered, in short. */
export type StatusOverview = StatusReport &
  Omit<StatusOutcome, 'status' | 'exit' | 'zone' | 'running' | 'runs'> & {
    /** Runs and verifications at work, in whatever terminal. */
    readonly running: readonly BriefRecord[]
    /** Those that have ended, or were killed, the newest first. */
    readonly runs: readonly BriefRecord[]
  }

/** With `--run` that run, whole. */
export type StatusOutput = StatusOverview | RunRecord

export type BackupCreateOutput = Warnings & { readonly points: readonly PointOf<Created>[] }
export type BackupListOutput = BackupCreateOutput
export type BackupCheckOutput = Warnings & { readonly points: readonly PointOf<Checked>[] }
export type BackupPruneOutput = Warnings & { readonly points: readonly PointOf<Pruned>[] }

/** `partial`: something has to be put right by hand, as `report.missing` says. */
export type RollbackOutput = Warnings &
  (
    | { readonly status: 'ok' | 'partial'; readonly report: RollbackReport }
    | { readonly status: 'planned'; readonly target: string; readonly plan: RollbackPlan }
    | { readonly status: 'listed'; readonly target: string; readonly points: readonly Created['point'][] }
  )

/** `planned`: nothing was removed yet. */
export type PurgeOutput = Warnings & PurgePlan & { readonly status: 'ok' | 'planned'; readonly rows: number }

export type ConfigShowOutput = ShownConfig
export type ConfigValidateOutput = ValidateOutcome

/** `run`: of the first run, where one was started. */
export type InitOutput = Omit<InitOutcome, 'run'> & { readonly run?: RunOutput }

export type TargetsOutput = { readonly installed: readonly InstalledProvider[] }

/** What each place said: `--alert-test`. */
export type AlertTestOutput = { readonly alerts: readonly AlertAnswer[] }

export type DoctorOutput = DoctorOutcome | AlertTestOutput

/** What would be written: `--print`. */
export type SchedulePrintOutput = PrintOutcome

export type ScheduleInstallOutput = InstallOutcome | SchedulePrintOutput
export type ScheduleRemoveOutput = RemoveOutcome
export type ScheduleShowOutput = ShowOutcome

/** `result` is what `dbsync run` or `dbsync verify` prints; where the job did not get that far, `error` says why. */
export type JobOutput = Omit<JobOutcome, 'result' | 'failure'> & { readonly result?: RunOutput | VerifyOutput; readonly error?: ErrorOutput['error'] }

/** Of the job, or with `--missed` of all that were run. */
export type ScheduleRunOutput = JobOutput | { readonly jobs: readonly JobOutput[] }

export type StateShowOutput = StateShown
export type StateExportOutput = ExportOutcome

export type StateImportOutput = Warnings &
  Pick<ImportOutcome['plan'], 'exportedAt' | 'databases' | 'lastRun'> & {
    readonly status: ImportOutcome['kind']
    readonly file: string
    /** False: the state was the same already. */
    readonly changed: boolean
  }

export type StateResetOutput = Warnings & Pick<ResetOutcome, 'tables'> & { readonly status: ResetOutcome['kind'] }

export type MigratedTableOutput = {
  readonly name: string
  readonly file: string
  readonly taken: MergedTable['taken']
  readonly status: MergedTable['state']['sync_status']
  readonly mode: MergedTable['state']['sync_mode']
  readonly lastSync: string | null
  /** Where the next run by time goes on; `null`: it cannot. */
  readonly position: MergedTable['state']['position']
}

export type StateMigrateOutput = Warnings & {
  readonly status: 'preview' | 'migrated'
  /** Of times that name no zone. */
  readonly timezone: string
  /** It was not given: it is that of this machine. */
  readonly timezoneAssumed: boolean
  readonly targets: readonly string[]
  readonly databases: readonly { readonly name: string; readonly tables: readonly MigratedTableOutput[] }[]
  readonly moved: MigrationReport['moved']
  /** Files that stay where they are. */
  readonly left: readonly LeftFile[]
  /** Where the files go. */
  readonly backup: string
}

// Of the commands that oclif's own plugins bring, those that print data.

export type VersionOutput = {
  readonly architecture: string
  readonly cliVersion: string
  readonly nodeVersion: string
  /** With `--verbose`, as all that follow. */
  readonly pluginVersions?: readonly string[]
  readonly osVersion?: string
  readonly shell?: string
  readonly rootPath?: string
}

/** What oclif knows of a plugin, which is more than is named here. */
export type PluginOutput = { readonly name: string; readonly version: string; readonly type: string; readonly [more: string]: unknown }

export type PluginsOutput = readonly PluginOutput[]
export type PluginsInspectOutput = PluginsOutput

/** Their errors are oclif's: under `error` stands what the error carries. */
export type OclifErrorOutput = { readonly error: { readonly [more: string]: unknown } }
