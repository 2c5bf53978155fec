import { expect, test } from 'vitest'
import { providerFor } from './provider-for.ts'

const provider = { type: 'mysql', summary: '', options: [], open: async () => ({}) }
const installed = new Map([['mysql', { provider, plugin: 'p', version: '1' }]])

test('an installed type', () => {
  expect(providerFor(installed, 'target', 'mysql', 'Target `copy`')).toMatchObject({ plugin: 'p' })
})

test.for([
  ['bigquery', 'dbsync plugins install @dbsync/plugin-bigquery-target'],
  ['duckdb', 'dbsync plugins install @dbsync/plugin-duckdb-target'],
  ['bigquerry', 'Did you mean "bigquery"? dbsync plugins install @dbsync/plugin-bigquery-target'],
  ['mysq', 'Did you mean "mysql"?'],
  ['oracle-warehouse', 'See what is installed with: dbsync targets'],
  ['__proto__', 'See what is installed with: dbsync targets'],
] as const)('%s is not installed', ([type, hint]) => {
  expect(providerFor(installed, 'target', type, 'Target `copy`')).toEqual({
    code: 'CONFIG_TYPE',
    severity: 'error',
    message: `Target \`copy\`: no target of the type "${type}" is installed (installed: mysql)`,
    hint,
  })
})
