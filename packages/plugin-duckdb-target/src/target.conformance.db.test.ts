import { describeTarget, plainSchema } from '@dbsync/testkit'
import { testFile } from './test-rig.ts'

describeTarget('duckdb', {
  async open() {
    await using opened = new AsyncDisposableStack()
    const file = opened.use(await testFile("ware 'house.duckdb"))
    const target = opened.use(await file.open())
    await target.run(target.render({ type: 'create-database', database: 'tenant' }), new AbortController().signal)
    const kept = opened.move()
    return {
      target,
      database: 'tenant',
      another: () => file.open(),
      schema: async (table) => plainSchema({ database: 'tenant', name: table.name }, table),
      [Symbol.asyncDispose]: () => kept.disposeAsync(),
    }
  },
})
