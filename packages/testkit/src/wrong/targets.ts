import { putTable } from '@dbsync/core/memory'
import type { Column, TableSchema } from '@dbsync/core/plugin'
import { never } from '../rows-of.ts'
import { once, type WrongTarget } from './wrong.ts'

const IDENTITY = 'says which server it is, which databases it has and how many tables it takes at once'
const TWICE = 'may be disposed twice'
const TABLES = ['of every type', 'with a key of several columns', 'without a key', 'with hostile names']
const DROPS = 'render and run > drop a table, and no other'
const tables = (start: string, end: string) => TABLES.map((table) => `${start} ${table}${end}`)

/** What a target can do wrong besides writing and reading. */
export const WRONG_TARGETS: readonly WrongTarget[] = [
  {
    does: 'is another server for each connection',
    make: (right, db) => {
      const id = `connection ${++connections}`
      return { identity: async () => ({ ...(await right.identity()), id: `${db.identity.id} ${id}` }) }
    },
    fails: [IDENTITY],
  },
  { does: 'shows no databases', make: () => ({ databases: async () => [] }), fails: [IDENTITY, 'render and run > make a database'] },
  { does: 'takes no table at once', make: (right) => ({ supports: { ...right.supports, concurrentTables: 0 } }), fails: [IDENTITY] },
  { does: 'cannot be disposed twice', make: (right) => ({ [Symbol.asyncDispose]: once(() => right[Symbol.asyncDispose]()) }), fails: [TWICE] },
  {
    does: 'closes the server for all others when it is disposed',
    make: (_, db) => ({ [Symbol.asyncDispose]: async () => db.databases.clear() }),
    fails: [TWICE],
  },
  {
    does: 'makes a column of text of each number, and says that it keeps numbers',
    make: (right) => ({
      open: async (work, signal) => await right.open({ ...work, schema: asText(work.schema) }, signal),
      run: async (statements, signal) => {
        await right.run(
          statements.map((statement) => statement.replaceAll('{"kind":"int","bits":64}', '{"kind":"text"}')),
          signal,
        )
      },
    }),
    fails: [...tables('fit > of a table', ' is what reads back after a full copy'), ...tables('render and run > make a table', ', empty')],
  },
  {
    does: 'writes into the schema that it is to fit',
    make: (right) => ({ fit: (schema, as) => right.fit(Object.assign(schema, { table: as }), as) }),
    fails: tables('fit > of a table', ' is pure, and fits itself'),
  },
  {
    does: 'makes columns wider each time that it fits them',
    make: (right) => ({
      fit: (schema, as) => {
        const fitted = right.fit(schema, as)
        return { ...fitted, columns: [...fitted.columns, { name: `_${fitted.columns.length}`, type: { kind: 'bool' }, nullable: true }] }
      },
    }),
    fails: tables('fit > of a table', ' is pure, and fits itself'),
  },
  {
    does: 'renders other statements each time',
    make: (right) => ({ render: (change) => right.render(change).map((statement) => `${++connections} ${statement}`) }),
    fails: tables('render and run > make a table', ', empty'),
  },
  {
    does: 'keeps a table that is to be dropped',
    make: (right) => ({
      run: (statements, signal) =>
        right.run(
          statements.filter((statement) => !statement.startsWith('drop')),
          signal,
        ),
    }),
    fails: [DROPS],
  },
  {
    does: 'drops all tables where one is to go',
    make: (right, db) => ({
      async run(statements, signal) {
        await right.run(statements, signal)
        if (statements.some((statement) => statement.startsWith('drop'))) for (const tables of db.databases.values()) tables.clear()
      },
    }),
    fails: [DROPS],
  },
  {
    does: 'drops a table when it says how',
    make: (right, db) => ({
      render(change) {
        if (change.type === 'drop-table') db.databases.get(change.table.database)?.delete(change.table.name)
        return right.render(change)
      },
    }),
    fails: [DROPS],
  },
  {
    does: 'runs statements although it is aborted',
    make: (right) => ({ run: (statements) => right.run(statements, never) }),
    fails: ['render and run > change nothing when they are aborted'],
  },
  {
    does: 'loses the rows when a column is added',
    make: (right, db) => ({
      async run(statements, signal) {
        await right.run(statements, signal)
        for (const { table } of statements.flatMap(added)) {
          const [there] = await right.describe(table.database, [table.name])
          if (there !== undefined) putTable(db, there)
        }
      },
    }),
    fails: ['render and run > add columns to a table with rows, which keep their values'],
  },
  {
    does: 'makes a table anew without the columns that only it has',
    make: (right, db) => ({
      open: async (work, signal) => {
        const dispositions = await right.open(work, signal)
        const commit = async () => {
          if (work.disposition === 'replace' && work.existing !== undefined) putTable(db, work.schema)
          return await dispositions.commit()
        }
        return { ...dispositions, commit }
      },
    }),
    fails: ['render and run > leave columns alone that only the target has'],
  },
  {
    does: 'previews other statements each time',
    make: (right) => ({ preview: (work, effects) => right.preview(work, effects).map((statement) => `${++connections} ${statement}`) }),
    fails: ['replace', 'merge'].map((disposition) => `preview > of a ${disposition} is pure and stable, and touches nothing`),
  },
  {
    does: 'makes its staging table when it previews',
    make: (right, db) => ({
      preview: (work, effects) => {
        putTable(db, { ...work.schema, table: { ...work.schema.table, name: `${work.schema.table.name}_new` } })
        return right.preview(work, effects)
      },
    }),
    fails: ['replace', 'merge'].map((disposition) => `preview > of a ${disposition} is pure and stable, and touches nothing`),
  },
  {
    does: 'keeps all names to itself that begin as those of its staging tables',
    make: () => ({ reserved: (name) => name.startsWith('_dbsync') }),
    fails: ['keeps no name to itself that a user may give'],
  },
]

let connections = 0

const added = (statement: string): readonly { readonly table: TableSchema['table'] }[] => {
  const change = JSON.parse(statement.slice(statement.indexOf('\n') + 1)) as { readonly type: string; readonly table: TableSchema['table'] }
  return change.type === 'add-column' ? [change] : []
}

const asText = (schema: TableSchema): TableSchema => ({
  ...schema,
  columns: schema.columns.map((column): Column => (column.type.kind === 'int' ? { ...column, type: { kind: 'text' } } : column)),
})
