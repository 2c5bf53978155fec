import { checkOptions, problemsError, type ServerIdentity, type Target } from '@dbsync/core'
import { openEnd } from '../open-endpoints.ts'
import { printable } from '../printable.ts'
import { isProblem, providerFor } from '../provider-for.ts'
import type { Known, TargetAnswer } from './answers.ts'
import { type Desk, revealed } from './desk.ts'
import { LIMITS } from './found.ts'
import { chosenTables } from './selection.ts'
import { outlooks, sayProblems, tally } from './show-tables.ts'

export type TriedTarget = { readonly identity: ServerIdentity; readonly target: Target }

/** Opens a target, looks, and closes it again. Throws where it cannot be opened. */
export async function withTarget<T>(answer: TargetAnswer, desk: Desk, look: (opened: TriedTarget) => Promise<T>): Promise<T> {
  const where = `target ${printable(answer.name)}`
  const found = providerFor(desk.registry.targets, 'target', answer.type, where)
  const problems = isProblem(found) ? [found] : checkOptions(found.provider, await optionsOf(answer, desk), where)
  const error = problemsError(problems)
  if (error !== undefined) throw error
  const { signal } = desk.session.interrupt
  const endpoint = { type: answer.type, options: await optionsOf(answer, desk), directory: desk.cwd }
  const warn = (message: string) => void desk.warnings.push(message)
  await using target = await openEnd(desk.registry.targets, 'target', where, endpoint, LIMITS, { signal, warn, readOnly: true })
  return await look({ identity: await target.identity(), target })
}

async function optionsOf({ name, options, secrets }: TargetAnswer, desk: Desk): Promise<Readonly<Record<string, unknown>>> {
  const found: [string, unknown][] = Object.entries(options)
  for (const [option, secret] of secrets) {
    const value = await revealed(desk, secret, `the ${option} of target ${name}`)
    if (value !== undefined) found.push([option, value])
  }
  return Object.fromEntries(found)
}

/** Says what a target is, how tables are kept in step there, and what stands in the way; `false`: runs would fail there. */
export async function showTarget(answer: TargetAnswer, known: Known, desk: Desk): Promise<boolean> {
  return withTarget(answer, desk, async ({ identity, target }) => {
    desk.say(`✓ ${printable(answer.name)}: ${printable(identity.label)} answers.`)
    const tables = chosenTables(known, desk)
    const there = tally(outlooks(tables, known, desk, target))
    if (there !== tally(outlooks(tables, known, desk))) desk.say(`  There, once they were copied, ${there}.`)
    const copies = [...new Set(tables.map(({ table }) => answer.database.replaceAll('{database}', () => table.database)))]
    const request = { databases: copies, objects: [], backups: known.backup ?? true, connections: 5, tables: [], signal: desk.session.interrupt.signal }
    return !sayProblems((await target.examine?.(request))?.findings ?? [], desk)
  })
}
