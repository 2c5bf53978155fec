import type { Plan, SyncEvent, TableOutcome, TableReport, TableVerification } from '@dbsync/core'
import type { ListrTask } from 'listr2'
import { printable } from '../printable.ts'
import { duration, number, plural, rate, rows } from './format.ts'
import { labelOf, tableLabels } from './labels.ts'
import { backupText, outcomeText, verifiedText } from './outcome.ts'
import { planText } from './plain.ts'
import { advance, bar, fraction, progressText, type TableProgress } from './progress.ts'
import { type Line, lines } from './tree-lines.ts'
import type { View } from './view.ts'

export type TreeOptions = {
  readonly stream: NodeJS.WriteStream
  /** Tables that are worked on at the same time: as many lines are kept for them where not every table can have its own. */
  readonly slots: number
}

const VERIFIED: Readonly<Record<TableVerification['outcome'], TableOutcome>> = {
  equal: 'unchanged',
  different: 'failed',
  failed: 'failed',
  cancelled: 'cancelled',
}

/** Lines of the terminal that are not a table's. */
const FRAME = 6

/**
 * The run as a tree on the terminal. listr2 only draws: its tasks wait for promises that our events settle, nothing runs inside
 * them, and it listens to no signal.
 */
export async function treeView({ stream, slots }: TreeOptions): Promise<View> {
  const { DefaultRenderer, Listr, ListrLogger, ProcessOutput } = await import('listr2')
  // listr2 asks stdout whether there is a terminal; ours is stderr, and the caller has asked it.
  class TerminalRenderer extends DefaultRenderer {
    static override nonTTY = true
  }

  const planning = Promise.withResolvers<Plan | undefined>()
  const finished = Promise.withResolvers<void>()
  let plan: Plan | undefined
  let labels: ReadonlyMap<string, string> = new Map()
  let tables: readonly Line[] = []
  let entitle: (title: string) => void = () => {}
  let notice: string | undefined
  /** Of each target whose point is being made, what the title says of it. */
  const backups = new Map<string, string>()
  const progress = new Map<string, TableProgress>()
  const shown = new Map<string, Line>()
  const done: TableReport[] = []
  const verified: TableVerification[] = []

  const listr = new Listr(
    [
      {
        title: 'Reading both ends',
        task: async (_, task) => {
          const made = await planning.promise
          // A dry run ends here, and so does what cannot begin: either speaks for itself.
          if (made === undefined) task.title = null
          else task.title = planText(made)
        },
      },
      {
        task: async (_, task) => {
          if (plan === undefined) return undefined
          entitle = (title) => {
            task.title = title
          }
          entitle(summary())
          return task.newListr([...tables.map(({ task: of }) => of), waiting(finished.promise)], { concurrent: true })
        },
      },
    ] satisfies ListrTask[],
    {
      renderer: TerminalRenderer,
      rendererOptions: {
        collapseSubtasks: false,
        collapseErrors: false,
        collapseSkips: false,
        showErrorMessage: false,
        showSkipMessage: false,
        formatOutput: 'truncate',
        logger: new ListrLogger({ useIcons: true, processOutput: new ProcessOutput(stream, stream) }),
      },
      exitOnError: false,
      registerSignalListeners: false,
    },
  )
  const drawing = listr.run()
  const redraw = setInterval(() => entitle(summary()), 500)

  const summary = (): string => {
    if (notice !== undefined) return notice
    const failed = done.filter(({ outcome }) => outcome === 'failed' || outcome === 'refused').length
    const underway = [...progress.values()].reduce((sum, { phase, rows: so }) => sum + (phase === 'compare' ? 0 : so), 0)
    const read = done.reduce((sum, report) => sum + report.rowsRead, underway)
    const compared = verified.reduce((sum, result) => sum + result.rowsCompared, 0)
    const different = verified.filter(({ outcome }) => outcome !== 'equal').length
    const speed = [...progress.values()].reduce((sum, { rowsPerSecond }) => sum + rowsPerSecond, 0)
    return [
      `${number(done.length + verified.length)} of ${plural(labels.size, 'table')}`,
      ...(failed > 0 ? [`${number(failed)} failed`] : []),
      ...(different > 0 ? [`${number(different)} not equal`] : []),
      plan?.purpose === 'verify' ? `${rows(compared)} compared` : `${rows(read)} read`,
      ...backups.values(),
      ...(speed >= 1 ? [rate(speed)] : []),
    ].join(', ')
  }

  /** The line that shows this table: its own, or one that is free. */
  const lineOf = (id: string): Line | undefined => {
    const line = shown.get(id) ?? tables.find((candidate) => candidate.takes(id))
    if (line !== undefined) shown.set(id, line)
    return line
  }

  const show = (id: string, text: string): void => lineOf(id)?.show(id, `${labelOf(labels, id)}  ${text}`)

  const follow = (event: SyncEvent): void => {
    switch (event.type) {
      case 'run.planned':
        plan = event.plan
        labels = tableLabels(event.plan)
        tables = lines(labels, (stream.rows ?? 24) - FRAME, slots)
        planning.resolve(event.plan)
        break
      case 'table.started':
        progress.delete(event.id)
        show(event.id, 'started')
        break
      case 'table.progress': {
        const state = advance(progress.get(event.id), event)
        progress.set(event.id, state)
        const portion = fraction(state)
        show(event.id, `${portion === undefined ? '' : `${bar(portion)} `}${progressText(state)}`)
        break
      }
      case 'table.retrying':
        show(event.id, `attempt ${event.attempt} in ${duration(event.delayMs)} after: ${printable(event.error.message)}`)
        break
      case 'table.finished':
        done.push(event.report)
        progress.delete(event.id)
        lineOf(event.id)?.finish(event.report.outcome, `${labelOf(labels, event.id)}  ${outcomeText(event.report)}`)
        shown.delete(event.id)
        entitle(summary())
        break
      case 'table.verified':
        verified.push(event.result)
        progress.delete(event.id)
        lineOf(event.id)?.finish(VERIFIED[event.result.outcome], `${labelOf(labels, event.id)}  ${verifiedText(event.result)}`)
        shown.delete(event.id)
        entitle(summary())
        break
      case 'backup.started':
      case 'backup.progress':
        backups.set(event.target, backupText(event))
        entitle(summary())
        break
      case 'backup.finished':
        backups.delete(event.target)
        entitle(summary())
        break
      // In the report, where they do not scroll away.
      case 'warning':
      case 'run.finished':
        break
    }
  }

  return {
    listener: follow,
    notice: (text) => {
      notice = printable(text)
      entitle(notice)
    },
    [Symbol.asyncDispose]: async () => {
      clearInterval(redraw)
      notice = undefined
      entitle(summary())
      planning.resolve(plan)
      for (const line of tables) line.end()
      finished.resolve()
      await drawing
      stream.write('\n')
    },
  }
}

/** Keeps the list open until the run is over, without a line of its own. */
const waiting = (until: Promise<void>): ListrTask => ({ task: () => until })
