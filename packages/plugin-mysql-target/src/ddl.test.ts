import type { TableSchema } from '@dbsync/core/plugin'
import type { ServerFacts } from '@dbsync/mysql'
import { describe, expect, test } from 'vitest'
import { fitTable, renderChange } from './ddl.ts'
import { guardWork } from './guard.ts'
import { writeMethod } from './method.ts'
import { writeStatements } from './statements.ts'

const server = (facts: Partial<ServerFacts> = {}): ServerFacts => ({
  flavour: 'mariadb',
  version: '10.11.19',
  versionNumber: 101119,
  id: 'x',
  label: 'x',
  maxAllowedPacket: 1 << 24,
  localInfile: true,
  lowerCaseTableNames: 0,
  binaryLog: false,
  ...facts,
})

const CREATE = [
  'CREATE TABLE `Orders` (',
  '  `id` int(11) NOT NULL,',
  "  `a``b` varchar(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci DEFAULT 'utf8mb4_0900_ai_ci',",
  '  `v` int(11) DEFAULT NULL,',
  '  PRIMARY KEY (`id`),',
  '  KEY `v` (`v`),',
  '  CONSTRAINT `own` FOREIGN KEY (`v`) REFERENCES `Orders` (`id`)',
  ') ENGINE=InnoDB AUTO_INCREMENT=5 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci',
].join('\n')

const schema = (changes: Partial<TableSchema> = {}): TableSchema => ({
  table: { database: 'shop', name: 'Orders' },
  columns: [
    { name: 'id', type: { kind: 'int', bits: 32 }, nullable: false, native: 'int' },
    { name: 'a`b', type: { kind: 'text' }, nullable: true, native: 'varchar(9)', charset: 'utf8mb4', collation: 'utf8mb4_0900_ai_ci' },
    { name: 'v', type: { kind: 'int', bits: 32 }, nullable: true, native: 'int' },
  ],
  key: ['id'],
  uniqueKeys: [],
  foreignKeys: [
    { name: 'own', columns: ['v'], references: { database: 'shop', name: 'Orders' }, referencedColumns: ['id'], rewritesRows: false },
    { name: 'far', columns: ['v'], references: { database: 'other', name: 'T' }, referencedColumns: ['id'], rewritesRows: false },
  ],
  referencedBy: [{ database: 'shop', name: 'Lines' }],
  triggers: ['t1'],
  transactional: true,
  native: { flavour: 'mariadb', create: CREATE },
  ...changes,
})

const AS = { database: 'Copy', name: 'Orders' }

describe('a table under its name at the target', () => {
  test('refers to the tables of the copy, and has no triggers', () => {
    const fitted = fitTable(schema(), AS, server())
    expect(fitted.table).toEqual(AS)
    expect(fitted.foreignKeys.map(({ references }) => references)).toEqual([
      { database: 'Copy', name: 'Orders' },
      { database: 'other', name: 'T' },
    ])
    expect(fitted.referencedBy).toEqual([{ database: 'Copy', name: 'Lines' }])
    expect(fitted.triggers).toEqual([])
    expect(fitted.native).toEqual({ flavour: 'mariadb', create: CREATE })
  })

  test('has the lower-case name that the server stores', () => {
    const fitted = fitTable(schema(), AS, server({ lowerCaseTableNames: 1 }))
    expect(fitted.table).toEqual({ database: 'copy', name: 'orders' })
  })

  test('gets the collations that its own flavour has, and keeps its strings', () => {
    const native = { flavour: 'mysql', create: CREATE }
    for (const [version, collation] of [
      [101119, 'utf8mb4_uca1400_nopad_ai_ci'],
      [100600, 'utf8mb4_unicode_520_nopad_ci'],
    ] as const) {
      const fitted = fitTable(schema({ native }), AS, server({ versionNumber: version }))
      expect(fitted.columns[1]?.collation).toBe(collation)
      expect((fitted.native as { create: string }).create).toContain(`COLLATE ${collation} DEFAULT 'utf8mb4_0900_ai_ci'`)
      expect((fitted.native as { create: string }).create).toContain(`COLLATE=${collation}`)
    }
    const back = schema({ native: { flavour: 'mariadb', create: CREATE.replaceAll('utf8mb4_0900_ai_ci', 'utf8mb4_uca1400_ai_ci') } })
    expect((fitTable(back, AS, server({ flavour: 'mysql', versionNumber: 80036 })).native as { create: string }).create).toContain('COLLATE=utf8mb4_0900_ai_ci')
  })
})

test('changes are rendered for the table under its name at the target', () => {
  const wanted = fitTable(schema(), AS, server())
  expect(renderChange({ type: 'create-database', database: 'a`b' })).toEqual(['CREATE DATABASE IF NOT EXISTS `a``b`'])
  expect(renderChange({ type: 'add-column', table: AS, column: 'id', wanted })).toEqual(['ALTER TABLE `Copy`.`Orders` ADD COLUMN `id` int(11) NOT NULL FIRST'])
  expect(renderChange({ type: 'add-column', table: AS, column: 'v', wanted })).toEqual([
    'ALTER TABLE `Copy`.`Orders` ADD COLUMN `v` int(11) DEFAULT NULL AFTER `a``b`',
  ])
  const [create] = renderChange({ type: 'create-table', schema: wanted })
  expect(create).toMatch(/^CREATE TABLE `Copy`.`Orders` \(/)
  expect(create).toContain('CONSTRAINT `own` FOREIGN KEY (`v`) REFERENCES `Orders` (`id`)')
})

describe('the way in which a table is replaced', () => {
  const plain = schema({ foreignKeys: [], referencedBy: [], triggers: [] })
  const kept = { ...plain, columns: [...plain.columns, { name: 'mine', type: { kind: 'text' }, nullable: true } as const] }
  const versioned = { ...plain, native: { flavour: 'mariadb', create: `${CREATE} WITH SYSTEM VERSIONING` } }
  const checked = { ...plain, native: { flavour: 'mysql', create: CREATE.replace('  CONSTRAINT', '  CONSTRAINT `c` CHECK ((`v` > 0)),\n  CONSTRAINT') } }

  test.each([
    ['create', plain, undefined, 'mariadb'],
    ['swap', plain, plain, 'mariadb'],
    ['swap', plain, checked, 'mariadb'],
    ['in-place', plain, checked, 'mysql'],
    ['in-place', plain, schema(), 'mariadb'],
    ['in-place', schema(), plain, 'mariadb'],
    ['in-place', { ...plain, referencedBy: schema().referencedBy }, plain, 'mariadb'],
    ['in-place', plain, kept, 'mariadb'],
    ['in-place', plain, versioned, 'mariadb'],
  ] as const)('%s', (method, wanted, existing, flavour) => {
    expect(writeMethod({ disposition: 'replace', schema: wanted, existing }, flavour)).toBe(method)
  })

  test('a column that an earlier change added is no column of the target alone', () => {
    const work = {
      disposition: 'replace',
      schema: plain,
      existing: { ...plain, columns: plain.columns.map((column) => ({ ...column, name: column.name.toUpperCase() })) },
    } as const
    expect(writeMethod(work, 'mariadb')).toBe('swap')
  })
})

test('MySQL reads JSON as text and not as bytes', () => {
  const wanted = schema({ columns: [{ name: 'j', type: { kind: 'json' }, nullable: true, native: 'json' }], key: [] })
  const load = (flavour: 'mysql' | 'mariadb') =>
    writeStatements({ disposition: 'merge', schema: wanted, existing: wanted }, { upserts: true, deletes: false }, { flavour, loadData: true }).rows?.load
  expect(load('mysql')).toContain('(@c0) SET `j` = CONVERT(@c0 USING utf8mb4)')
  expect(load('mariadb')).toContain('(`j`)')
})

test('the guard names the triggers and the way out', () => {
  const error = guardWork({ disposition: 'merge', schema: schema(), existing: schema() }, 'mariadb')
  expect(error).toMatchObject({ code: 'MYSQL_TARGET_TRIGGERS', kind: 'refused', hint: expect.stringContaining('DROP TRIGGER `shop`.`t1`') })
  expect(guardWork({ disposition: 'merge', schema: schema(), existing: schema({ triggers: [] }) }, 'mariadb')).toBeUndefined()
  expect(guardWork({ disposition: 'replace', schema: schema(), existing: undefined }, 'mariadb')).toBeUndefined()
})
