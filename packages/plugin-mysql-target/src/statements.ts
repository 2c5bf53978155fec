import type { WriteEffects, WriteWork } from '@dbsync/core/plugin'
import { merge } from './merge.ts'
import { writeMethod } from './method.ts'
import { create, inPlace, swap } from './replace.ts'
import type { Dialect } from './staging.ts'
import type { Statements } from './steps.ts'

/** The one list that both the writer and a dry run take their statements from. Pure. */
export function writeStatements(work: WriteWork, effects: WriteEffects, dialect: Dialect): Statements {
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
  const staged = [statements.rows, statements.gone].flatMap((staging) => (staging === undefined ? [] : [...staging.create, staging.load]))
  return [...staged, ...statements.prepare, ...statements.finish.map((step) => step.sql), ...statements.cleanup]
}
