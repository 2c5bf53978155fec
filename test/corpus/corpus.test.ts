import { test } from 'vitest'
import { expectInStep } from './expect-in-step.ts'
import { SEED } from './random.ts'
import { OTHERS, SHAPES } from './shapes.ts'
import { COLUMN_TABLES, NAMED_TABLES, TYPE_TABLES } from './tables.ts'

test(`values of every type, as values and as keys (seed ${SEED})`, () => expectInStep({ tables: TYPE_TABLES, seed: SEED }))
test(`tables of every shape (seed ${SEED})`, () => expectInStep({ tables: SHAPES, seed: SEED, others: OTHERS, rounds: 2 }))
test(`names (seed ${SEED})`, () => expectInStep({ tables: [...NAMED_TABLES, ...COLUMN_TABLES], seed: SEED }))

const FORCED = TYPE_TABLES.filter(({ name }) => /^(timed|keyed|loose|unique|key)_0[3-6]$/.test(name))

test.each(['full', 'time', 'digest'])(`every table by the mode %s (seed ${SEED})`, (mode) =>
  expectInStep({ tables: FORCED, seed: SEED, config: { table_settings: { tables: { '*': { mode } } } } }),
)
