import { comparing } from './comparing.ts'
import { core } from './core.ts'
import { faults } from './faults.ts'
import { mysql } from './mysql.ts'
import { mysqlTarget } from './mysql-target.ts'
import { parts } from './parts.ts'
import { protecting } from './protecting.ts'
import { state } from './state.ts'
import { warehouses } from './warehouses.ts'

/** One fault that somebody could put into the product, and the tests that have to notice it. */
export type Mutant = {
  /** What is wrong, in plain English. */
  readonly name: string
  /** From the root of the workspace. */
  readonly file: string
  /** Stands exactly once in the file. */
  readonly find: string
  readonly replace: string
  /** Test files, one of which has to fail; from the root of the workspace. */
  readonly tests: readonly string[]
  /** Of these files only the tests whose names match. */
  readonly only?: string
  /** More of the environment of the tests: a sample by chance has to be the whole. */
  readonly env?: Readonly<Record<string, string>>
  /** The tests run the built program: it is built with the fault in it. */
  readonly built?: true
}

export const mutants: readonly Mutant[] = [...core, ...comparing, ...protecting, ...faults, ...mysql, ...mysqlTarget, ...parts, ...state, ...warehouses]
