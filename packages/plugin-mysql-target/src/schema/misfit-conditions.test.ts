import type { Column } from '@dbsync/core/plugin'
import { expect, test } from 'vitest'
import { misfitConditions } from './misfit-conditions.ts'

const column = (native: string, kind: 'int' | 'text' | 'bytes', more: Partial<Column> = {}): Column => ({
  name: 'a`b',
  native,
  type: kind === 'int' ? { kind, bits: 64 } : { kind },
  nullable: false,
  ...more,
})
const conditions = (from: Column, to: Column) => misfitConditions(from, to).map(({ condition }) => condition)

test('the greatest and the least number of a type fit into it', () => {
  const big = column('bigint(20)', 'int')
  const outside = (least: string, most: string) => [`\`a\`\`b\` < ${least} OR \`a\`\`b\` > ${most} OR \`a\`\`b\` <> ROUND(\`a\`\`b\`)`]
  expect(conditions(big, column('tinyint(4)', 'int'))).toEqual(outside('-128', '127'))
  expect(conditions(big, column('int(11)', 'int'))).toEqual(outside('-2147483648', '2147483647'))
  expect(conditions(big, column('smallint(5) unsigned', 'int'))).toEqual(outside('0', '65535'))
  expect(conditions(big, column('bigint(20) unsigned', 'int'))).toEqual(outside('0', '18446744073709551615'))
})

test('a text of exactly the new length fits', () => {
  const text = column('varchar(9)', 'text', { charset: 'utf8mb4' })
  expect(conditions(text, column('varchar(8)', 'text', { charset: 'utf8mb4' }))).toEqual(['CHAR_LENGTH(`a``b`) > 8'])
  expect(conditions(column('varbinary(9)', 'bytes'), column('varbinary(8)', 'bytes'))).toEqual(['LENGTH(`a``b`) > 8'])
})

test('NULL fits nowhere where none is allowed, whatever else fits', () => {
  const from = column('int(11)', 'int', { nullable: true })
  expect(conditions(from, column('int(11)', 'int'))).toEqual(['`a``b` IS NULL'])
  expect(conditions(from, column('bigint(20)', 'int', { nullable: true }))).toEqual([])
})
