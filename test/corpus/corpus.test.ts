import { test } from 'vitest'
import { expectInStep } from './expect-in-step.ts'
import { COLUMN_TABLES, NAMED_TABLES } from './names.ts'
import { SEED } from './random.ts'
import { OTHERS, SHAPES } from './shapes.ts'
import { TYPE_TABLES } from './tables.ts'

test(`values of every type, as values and as keys (seed ${SEED})`, () => expectInStep({ tables: TYPE_TABLES, seed: SEED }))
test(`tables of every shape (seed ${SEED})`, () => expectInStep({ tables: SHAPES, seed: SEED, others: OTHERS, rounds: 2 }))
test(`names (seed ${SEED})`, () => expectInStep({ tables: [...NAMED_TABLES, ...COLUMN_TABLES], seed: SEED }))
