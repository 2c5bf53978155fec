import type { Target } from '../contract/target.ts'
import { printForm, type SourcePrint, validPrint } from '../state/source-print.ts'
import type { Guarantee, SourceWatch, TablePlan } from './plan.ts'
import { type Choice, type StrategyFacts, usualWay } from './strategy.ts'

type Watched = Pick<TablePlan, 'schema' | 'wanted'> & {
  /** Nothing asks for more than what is done of the table day by day, and no run was killed that may have written to it without the state's knowing. */
  readonly usual: boolean
}

type WatchPart = Partial<Pick<TablePlan, 'watch' | 'reason' | 'guarantee'>>

/** Where looking at the copy costs money: what is kept of the source after this run, and what was kept after the last one, if nothing asks for a look. */
export function watchPart(target: Target, facts: StrategyFacts, { reason, guarantee: looked }: Choice, { schema, wanted, usual }: Watched): WatchPart {
  const { billed } = target.supports
  const way = usualWay(facts)
  // What is copied in full every time has nothing to gain.
  const always = facts.forceFull || facts.rule.mode === 'full' || way.kind === 'full' || (way.kind === 'digest' && !facts.comparable)
  if (billed === undefined || always) return {}
  const form = printForm(schema, wanted, billed)
  const by = way.kind === 'time' ? 'time' : 'digest'
  const watch: SourceWatch = { by, lookbackMinutes: facts.rule.lookbackMinutes ?? facts.lookbackMinutes, form, looked }
  const print = usual && facts.existing !== undefined ? validPrint(facts.state, form) : undefined
  if (print === undefined) return { watch }
  return {
    watch: { ...watch, print },
    reason: `${reason}; left alone while its source is as it was`,
    guarantee: leftAlone(looked, print, facts.state?.compared_at ?? null),
  }
}

/** Of a copy that nobody has looked at. */
export function leftAlone(looked: Guarantee, print: SourcePrint, comparedAt: string | null): Guarantee {
  const exceptions = looked.level === 'exact' || print.by === 'digest' ? [UNSEEN] : [looked.except, UNSEEN]
  return { level: 'exact-except', except: exceptions.join(', and '), since: comparedAt }
}

const UNSEEN = 'what others did to the copy: it was not looked at, as its source has not changed'
