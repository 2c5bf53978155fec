import { describeTarget, plainSchema, VALUE_CORPUS } from '@dbsync/testkit'
import { testFile } from './test-rig.ts'

const open =
  (more: Readonly<Record<string, unknown>> = {}) =>
  async () => {
    await using opened = new AsyncDisposableStack()
    const file = opened.use(await testFile("ware 'house.duckdb"))
    const target = opened.use(await file.open(more))
    await target.run(target.render({ type: 'create-database', database: 'tenant' }), new AbortController().signal)
    const kept = opened.move()
    return {
      target,
      database: 'tenant',
      another: () => file.open(more),
      schema: async (table: Parameters<typeof plainSchema>[1]) => plainSchema({ database: 'tenant', name: table.name }, table),
      [Symbol.asyncDispose]: () => kept.disposeAsync(),
    }
  }

describeTarget('duckdb', { open: open() })
describeTarget('duckdb, without deletes', { open: open({ deletes: 'ignore' }), corpus: VALUE_CORPUS.slice(0, 1), only: 'writing' })
