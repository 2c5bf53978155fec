import { PRESETS, parseCron, parseDuration } from '@dbsync/core'
import { printable } from '../../printable.ts'
import { type Desk, settingOf } from '../desk.ts'
import { type AnyQuestion, badAnswer, onlyText, type Question, type Theme, wholeNumber, yesNo } from '../question.ts'
import { chosenTables } from '../selection.ts'
import { outlooks } from '../show-tables.ts'

const LOOKBACK = wholeNumber(0, 5_256_000)
const OWN = 'own'

const lookback: Question<'lookback'> = {
  id: 'lookback',
  flag: 'lookback',
  summary: 'Minutes that a run by time reads again before its last position. Default 10.',
  helpValue: 'MINUTES',
  applies: (known, desk) => outlooks(chosenTables(known, desk), known, desk).some(({ strategy }) => strategy === 'time'),
  parse: (given) => Number(onlyText('lookback', given, LOOKBACK)),
  fallback: (_known, desk) => Number(settingOf(desk, 'lookbackMinutes') ?? 10),
  ask: async (prompts, fallback) =>
    Number(await prompts.text('Minutes to read again, for transactions that commit late', { fallback: String(fallback ?? 10), check: LOOKBACK })),
}

const reconcile: Question<'reconcile'> = {
  id: 'reconcile',
  flag: 'reconcile-every',
  summary: 'How often tables that go by time are compared as a whole, such as 7d; or never. Default 7d.',
  helpValue: 'TIME',
  applies: (known, desk) => lookback.applies?.(known, desk) !== false,
  parse: (given) => onlyText('reconcile-every', given, reconcileFault),
  fallback(known, desk) {
    const set = settingOf(desk, 'reconcileEveryMs')
    if (set !== undefined) return spelled(Number(set))
    return lookback.applies?.(known, desk) === false ? 'never' : '7d'
  },
  ask: (prompts, fallback) => prompts.text('Compare whole tables, not only by time, every (12h, 7d, never)', { fallback, check: reconcileFault }),
}

/** Back into text, in the largest unit that fits. */
function spelled(ms: number): string {
  for (const [unit, length] of [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
  ] as const)
    if (ms % length === 0) return `${ms / length}${unit}`
  return `${ms / 1000}s`
}

function reconcileFault(text: string): string | undefined {
  if (text === 'never') return undefined
  try {
    parseDuration(text)
    return undefined
  } catch {
    return 'It must be a time such as 12h or 7d, or never.'
  }
}

const backup = yesNo('backup', {
  summary: 'Make a backup point before a run writes. Default yes.',
  message: 'Keep what a run changes, so that it can be undone?',
  fallback: (desk) => settingOf(desk, 'backupBeforeSync') !== false,
})

const verify = yesNo('verify', {
  summary: 'Compare both ends after a run. Default yes.',
  message: 'Compare both ends after each run?',
  fallback: (desk) => settingOf(desk, 'verifyAfterSync') !== false,
})

const PRESET_TEXTS: Readonly<Record<string, string>> = {
  hourly: 'sync every hour',
  daily: 'sync every day at 02:00',
  'verify-daily': 'compare everything every day at 04:00',
  'full-weekly': 'copy everything anew on Sundays at 01:00',
}

const schedules: Question<'schedules'> = {
  id: 'schedules',
  flag: 'schedule',
  summary: `When it runs by itself: ${[...PRESETS.keys()].join(', ')}, or five fields of cron. Default: not at all.`,
  helpValue: 'JOB',
  several: true,
  parse: (given) => given.filter((text) => text !== 'none').map(scheduleOf),
  fallback: () => [],
  async ask(prompts, _fallback, _known, desk) {
    const there = desk.existing.schedules.map(({ name }) => name)
    if (there.length > 0) desk.say(`  Jobs in the files, kept as they are: ${there.map(printable).join(', ')}`)
    const presets = [...PRESETS.keys()].filter((name) => !there.includes(name))
    const choices = [
      ...presets.map((name) => ({ value: name, name: `${name}: ${PRESET_TEXTS[name] ?? ''}` })),
      { value: OWN, name: 'at times of my own (cron)' },
    ]
    const chosen = await prompts.some('When should it run by itself? (Enter: never)', choices, [])
    const own = chosen.includes(OWN) ? [await prompts.text('Minute, hour, day, month, weekday', { fallback: '*/15 * * * *', check: cronFault })] : []
    return [...chosen.filter((name) => name !== OWN), ...own]
  },
}

const cronFault = (text: string): string | undefined => {
  const fields = parseCron(text)
  return typeof fields === 'string' ? `It ${fields}.` : undefined
}

function scheduleOf(text: string): string {
  if (PRESETS.has(text)) return text
  const fault = cronFault(text)
  if (fault !== undefined) throw badAnswer('schedule', `is none of ${[...PRESETS.keys()].join(', ')}, and as cron: ${fault}`)
  return text
}

const questions: readonly AnyQuestion[] = [lookback, reconcile, backup, verify, schedules]

export const HABITS: Theme = { title: 'How it is kept in step', questions }

/** A job of cron fields gets this name, or the next free one. */
export function jobName(desk: Desk): string {
  const taken = desk.existing.schedules.map(({ name }) => name)
  return taken.includes('sync') ? (Array.from({ length: 100 }, (_, index) => `sync-${index + 2}`).find((name) => !taken.includes(name)) ?? 'sync') : 'sync'
}
