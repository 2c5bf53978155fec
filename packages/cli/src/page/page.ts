import { type RunRecord, type RunReport, type TableReport, type TableVerification, type Unplanned, unplannedName, type VerifyReport } from '@dbsync/core'
import { bytes, duration, number, plural, rate } from '../render/format.ts'
import { guaranteeText } from '../render/guarantee.ts'
import { labelsOfIds } from '../render/labels.ts'
import { barChart, ratesChart } from './charts.ts'
import { type Html, html } from './html.ts'
import { STYLE } from './style.ts'

/** So many tables have a bar; all of them have a line. */
const BARS = 25

/** One run or verification as one HTML page that needs nothing else. `record` must be free of secrets. */
export function pageOf(record: RunRecord): string {
  const {
    kind,
    mode,
    run,
    status,
    startedAt,
    finishedAt,
    process: { host },
    rates,
    report,
    verification,
    error,
  } = record
  const title = kind === 'run' ? `${mode} run` : 'verification'
  const chart = ratesChart(rates)
  return html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>dbsync ${title} ${run}</title>
<style>${{ html: STYLE }}</style>
<h1>dbsync ${title} <span class="pill ${toneOf(status)}">${status}</span></h1>
<p class="when">${run} · ${startedAt} to ${report?.finishedAt ?? verification?.finishedAt ?? finishedAt ?? 'now'} · ${host}</p>
${report === undefined ? undefined : runPart(report)}
${verification === undefined ? undefined : verificationPart(verification)}
${error === undefined ? undefined : section('It failed', lines([error.message, ...(error.hint === undefined ? [] : [`Next: ${error.hint}`])]))}
${chart === undefined ? undefined : section('Rows per second', chart)}
<footer>Written by dbsync.</footer>
</html>
`.html
}

function runPart(report: RunReport): Html {
  const { tables, totals, ms, backups, warnings, unplanned = [] } = report
  const label = labelsOfIds(tables.map(({ id }) => id))
  const failed = tables.filter(({ outcome }) => outcome === 'failed' || outcome === 'refused')
  return html`${cards([
    [number(tables.length), 'tables'],
    [duration(ms), 'from begin to end'],
    [number(totals.rowsRead), 'rows read'],
    [number(totals.inserted + totals.updated + totals.deleted), 'rows changed'],
    [rate(totals.rowsPerSecond), 'on average'],
    [bytes(totals.bytes), 'of rows read'],
  ])}
${leftOut(unplanned)}
${failed.length === 0 ? undefined : section('Not synced', lines(failed.map(({ id, outcome, error }) => failureText(label(id), outcome, error))))}
${section('Time by table', barChart(slowest(tables).map(({ id, ms: time, outcome }) => ({ label: label(id), value: time, shown: duration(time), tone: toneOf(outcome) }))))}
${section(
  'Tables',
  grid(
    RUN_HEADS,
    tables.map((table) => runRow(table, label)),
  ),
)}
${list(
  'Definitions changed',
  tables.flatMap(({ id, definition = [] }) => definition.map((text) => `${label(id)}: ${text}`)),
)}
${list(
  'Kept before the first write',
  backups.map(
    ({ target, name, rows, bytes: size, consistency }) =>
      `${target}: ${name}, ${plural(rows, 'row')}, ${bytes(size)}; ${consistency}. Undo: dbsync rollback ${name} --target ${target}`,
  ),
)}
${list('Warnings', [...warnings, ...tables.flatMap(({ id, warnings: own }) => own.map((text) => `${label(id)}: ${text}`))])}`
}

const RUN_HEADS = ['Table', 'Outcome', 'How', '#Read', '#Inserted', '#Updated', '#Deleted', '#Time', '#Rows/s', 'Guarantee'] as const

function runRow({ id, outcome, strategy, rowsRead, inserted, updated, deleted, ms, guarantee }: TableReport, label: (id: string) => string): readonly Cell[] {
  const counts = [rowsRead, inserted, updated, deleted].map(number)
  return [
    label(id),
    tinted(outcome),
    strategy,
    ...counts,
    duration(ms),
    number(rowsRead / Math.max(ms / 1000, 0.001)),
    guarantee === undefined ? '' : guaranteeText(guarantee),
  ]
}

function verificationPart({ tables, totals, ms, level, warnings, unplanned = [] }: VerifyReport): Html {
  const label = labelsOfIds(tables.map(({ id }) => id))
  const failed = tables.filter(({ error }) => error !== undefined)
  return html`${cards([
    [number(tables.length), 'tables'],
    [level, 'compared by'],
    [duration(ms), 'from begin to end'],
    [number(totals.rowsCompared), 'rows compared'],
    [number(totals.missing + totals.extra + totals.changed), 'rows differ'],
  ])}
${leftOut(unplanned)}
${failed.length === 0 ? undefined : section('Not compared', lines(failed.map(({ id, outcome, error }) => failureText(label(id), outcome, error))))}
${section(
  'Tables',
  grid(
    ['Table', 'Outcome', 'By', '#Compared', '#Missing', '#Extra', '#Changed', '#Not synced yet', '#Time'],
    tables.map((table) => verificationRow(table, label)),
  ),
)}
${list('Warnings', warnings)}`
}

const verificationRow = (table: TableVerification, label: (id: string) => string): readonly Cell[] => {
  const { id, outcome, level, rowsCompared, missing, extra, changed, notSynced, ms } = table
  return [label(id), tinted(outcome), level, ...[rowsCompared, missing, extra, changed, notSynced].map(number), duration(ms)]
}

const leftOut = (unplanned: readonly Unplanned[]): Html | undefined =>
  list(
    'Left out',
    unplanned.map(({ error, ...place }) => `${unplannedName(place)}: ${error.message}${error.hint === undefined ? '' : ` Next: ${error.hint}`}`),
  )

const slowest = (tables: readonly TableReport[]): readonly TableReport[] => tables.toSorted((a, b) => b.ms - a.ms).slice(0, BARS)

const failureText = (label: string, outcome: string, error: TableReport['error']): string =>
  `${label} ${outcome}: ${error?.message ?? 'no reason was given'}${error?.hint === undefined ? '' : ` Next: ${error.hint}`}`

const GOOD: readonly string[] = ['ok', 'equal', 'synced', 'unchanged']
const BAD: readonly string[] = ['failed', 'different', 'partial', 'refused']
const toneOf = (outcome: string): string => (GOOD.includes(outcome) ? 'good' : BAD.includes(outcome) ? 'bad' : 'odd')

type Cell = Html | string
const tinted = (outcome: string): Html => html`<span class="${toneOf(outcome)}">${outcome}</span>`

const cards = (all: readonly (readonly [string, string])[]): Html =>
  html`<div class="cards">${all.map(([value, name]) => html`<div class="card"><b>${value}</b><span>${name}</span></div>`)}</div>`

const section = (title: string, content: Html): Html => html`<h2>${title}</h2>\n${content}`
const lines = (all: readonly string[]): Html => html`<ul>${all.map((line) => html`<li>${line}</li>`)}</ul>`
const list = (title: string, all: readonly string[]): Html | undefined => (all.length === 0 ? undefined : section(title, lines(all)))

/** A head that begins with # is over numbers. */
function grid(heads: readonly string[], rows: readonly (readonly Cell[])[]): Html {
  const isNumber = heads.map((head) => head.startsWith('#'))
  const tone = (i: number) => (isNumber[i] ? html` class="n"` : undefined)
  return html`<div class="wide"><table><thead><tr>${heads.map((head, i) => html`<th${tone(i)}>${head.replace('#', '')}</th>`)}</tr></thead>
<tbody>${rows.map((cells) => html`<tr>${cells.map((cell, i) => html`<td${tone(i)}>${cell}</td>`)}</tr>\n`)}</tbody></table></div>`
}
