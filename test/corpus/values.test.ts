import { expect, test } from 'vitest'
import { project } from '../project.ts'
import { LENIENT } from './churn.ts'
import { VALUES } from './values.ts'

test('every value of the corpus is one that its column takes as it is', async () => {
  await using work = await project()
  await work.at.query(LENIENT)
  const bent: unknown[] = []
  for (const { type, values } of VALUES) {
    await work.at.query(`CREATE OR REPLACE TEMPORARY TABLE t (v ${/NULL$/.test(type) ? type : `${type} NULL`})`)
    for (const value of values) {
      await work.at.query('DELETE FROM t')
      const refusal = await work.at.query(`INSERT INTO t VALUES (${value})`).then(() => undefined, String)
      const [warnings] = await work.at.query({ sql: 'SHOW WARNINGS', rowsAsArray: true })
      const [kept] = await work.at.query('SELECT 1 FROM t WHERE v IS NOT NULL')
      if ((kept as unknown[]).length !== 1 || (warnings as unknown[]).length > 0) bent.push([type, value, refusal, warnings])
    }
  }
  expect(bent).toEqual([])
})
