import type { Theme } from './question.ts'
import { HABITS } from './questions/habits.ts'
import { SOURCE } from './questions/source.ts'
import { TABLES } from './questions/tables.ts'
import { TARGETS } from './questions/targets.ts'

/** Everything that is asked, in its order. */
export const THEMES: readonly Theme[] = [SOURCE, TABLES, TARGETS, HABITS]
