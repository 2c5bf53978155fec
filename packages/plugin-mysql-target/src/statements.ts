import type { WriteEffects, WriteWork } from '@dbsync/core/plugin'
import { merge } from './merge.ts'
import { writeMethod } from './method.ts'
import { createObject, dropObject } from './objects/render.ts'
import { create, inPlace, swap } from './replace.ts'
import type { Dialect, Staging } from './staging.ts'
import { BEGIN, COMMIT, type RowStatements, type Statements } from './steps.ts'

/** The one list that both the writer and a dry run take their statements from. Pure. */
export function writeStatements(work: WriteWork, effects: WriteEffects, dialect: Dialect): Statements {
  const { triggers = [] } = work
  const away = triggers.map(dropObject)
  const back = triggers.flatMap((trigger) => createObject(trigger, dialect.flavour))
  return { ...rowStatements(work, effects, dialect), away, back }
}

function rowStatements(work: WriteWork, effects: WriteEffects, dialect: Dialect): RowStatements {
  const method = writeMethod(work, dialect.flavour)
  switch (method) {
    case 'create':
      return create(work, dialect)
    case 'swap':
      return swap(work, dialect)
    case 'in-place':
      return inPlace(work, dialect)
    case 'merge':
      return merge(work, effects, dialect)
  }
}

/** The statements as text, as they are sent. */
export function listStatements(statements: Statements): readonly string[] {
  const staged = [statements.rows, statements.gone].flatMap((staging) => (staging === undefined ? [] : [...staging.create, ...loading(staging)]))
  return [...staged, ...statements.prepare, ...statements.away, ...statements.finish.map((step) => step.sql), ...statements.back, ...statements.cleanup]
}

function loading({ load, bulk, few }: Staging): readonly string[] {
  if (bulk === undefined) return [load]
  return few ? [bulk] : [BEGIN.sql, bulk, COMMIT.sql]
}
