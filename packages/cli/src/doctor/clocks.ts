import type { EndClock, Finding } from '@dbsync/core'
import { duration } from '../render/format.ts'
import { type Check, Unchecked } from './check.ts'
import type { Context } from './context.ts'
import { byHand, ok, warning } from './findings.ts'

const TOLERATED_MS = 10_000

/** Positions are of the source's clock, locks and schedules of this machine's. Two that agree outvote a third. */
export const clocks: Check = {
  id: 'clocks',
  title: 'Clocks',
  run(context) {
    const ends = endClocks(context)
    if (ends.length === 0) throw new Unchecked('Not checked: no end tells its clock.')
    const here = { name: 'this machine', aheadMs: 0, uncertainMs: 0, zoneMinutes: -context.now.getTimezoneOffset() }
    return [...skews([here, ...ends]), zones([...ends, here])]
  },
}

type NamedClock = EndClock & { readonly name: string }

function endClocks({ examined }: Context): readonly NamedClock[] {
  const ends = [['the source', examined.source] as const, ...[...examined.targets].map(([name, each]) => [`target ${name}`, each] as const)]
  return ends.flatMap(([name, each]) => (each.ok && each.value.clock !== undefined ? [{ name, ...each.value.clock }] : []))
}

function skews(clocks: readonly NamedClock[]): readonly Finding[] {
  const sorted = clocks.map(({ aheadMs }) => aheadMs).toSorted((a, b) => a - b)
  // Of two clocks nobody can tell which one is wrong: this machine's counts as right then.
  const right = clocks.length === 2 ? 0 : (sorted[Math.floor(sorted.length / 2)] ?? 0)
  const found = clocks.flatMap(({ name, aheadMs, uncertainMs }) => {
    const off = aheadMs - right
    if (Math.abs(off) - uncertainMs <= TOLERATED_MS) return []
    const message = `The clock of ${name} is ${duration(Math.abs(off))} ${off > 0 ? 'ahead of' : 'behind'} the others.`
    return [warning('clock', message, byHand(`Have it set by the network, on ${name}: timedatectl set-ntp true`))]
  })
  const widest = Math.max(...clocks.map(({ aheadMs }) => Math.abs(aheadMs - right)))
  return found.length > 0 ? found : [ok('clock', `All clocks agree within ${duration(Math.max(100, widest))}.`)]
}

function zones(clocks: readonly NamedClock[]): Finding {
  const text = clocks.map(({ name, zoneMinutes }) => `${name} ${offset(zoneMinutes)}`).join(', ')
  return ok('zone', `Time zones: ${text}. They need not be the same: every session is in UTC.`)
}

function offset(minutes: number): string {
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60]
  return `UTC${minutes < 0 ? '-' : '+'}${hours}${rest === 0 ? '' : `:${String(rest).padStart(2, '0')}`}`
}
