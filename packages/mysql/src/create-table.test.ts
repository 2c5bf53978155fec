import { describe, expect, test } from 'vitest'
import { parseCreateTable, parseForeignKey, renderCreateTable } from './create-table.ts'

const hostile = [
  'CREATE TABLE `a``b (\n),` (',
  "  `id` int(11) NOT NULL AUTO_INCREMENT COMMENT 'it''s, (a) \\\\ trap: AUTO_INCREMENT=5 `',",
  "  `x``,\n  PRIMARY KEY (``id``)` enum('a,b',')','`','it''s') DEFAULT 'a,b',",
  "  `/*!50000 c */` decimal(10,2) GENERATED ALWAYS AS (concat('(',`id`)) VIRTUAL,",
  '  `KEY` text DEFAULT NULL CHECK (json_valid(`KEY`)),',
  '  PRIMARY KEY (`id`),',
  '  UNIQUE KEY `u,(` (`x``,\n  PRIMARY KEY (``id``)`(3)),',
  '  KEY `KEY` (`KEY`(10)) USING BTREE,',
  '  FULLTEXT KEY `f` (`KEY`),',
  '  SPATIAL KEY `s` (`g`),',
  '  CONSTRAINT `fk` FOREIGN KEY (`id`, `x``,\n  PRIMARY KEY (``id``)`) REFERENCES `o``.`.`p (` (`a`, `ON UPDATE CASCADE`) ON DELETE SET NULL,',
  "  CONSTRAINT `ck` CHECK (`id` > 0 and `x` <> ')'),",
  '  CONSTRAINT `CONSTRAINT` CHECK (1)',
  ") ENGINE=InnoDB AUTO_INCREMENT=42 DEFAULT CHARSET=utf8mb4 COMMENT='AUTO_INCREMENT=7, ) ''x'''",
  ' PARTITION BY RANGE (`id`)',
  '(PARTITION `p0` VALUES LESS THAN (10) ENGINE = InnoDB)',
].join('\n')

describe('parseCreateTable', () => {
  const parts = parseCreateTable(hostile)

  test('takes columns, keys and constraints apart, whatever their names hold', () => {
    expect(parts.columns.map(({ name }) => name)).toEqual(['id', 'x`,\n  PRIMARY KEY (`id`)', '/*!50000 c */', 'KEY'])
    expect(parts.keys.map(({ kind, name }) => [kind, name])).toEqual([
      ['primary', 'PRIMARY'],
      ['unique', 'u,('],
      ['index', 'KEY'],
      ['fulltext', 'f'],
      ['spatial', 's'],
    ])
    expect(parts.constraints.map(({ kind, name }) => [kind, name])).toEqual([
      ['foreign', 'fk'],
      ['check', 'ck'],
      ['check', 'CONSTRAINT'],
    ])
    expect(parts.columns[3]?.definition).toBe('`KEY` text DEFAULT NULL CHECK (json_valid(`KEY`))')
  })

  test('takes the counter out of the options and leaves comments and partitions alone', () => {
    expect(parts.autoIncrement).toBe('42')
    expect(parts.options).toMatch(/^ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COMMENT='AUTO_INCREMENT=7, \) ''x'''\n PARTITION BY/)
    expect(parseCreateTable("CREATE TABLE `t` (\n  `a` int\n) ENGINE=InnoDB COMMENT='x AUTO_INCREMENT=9 '").autoIncrement).toBeUndefined()
  })

  test('puts it together again under another name', () => {
    const table = { database: 'd`1', name: 'new\nname' }
    const again = parseCreateTable(renderCreateTable(table, parts))
    expect(again).toEqual(parts)
    expect(renderCreateTable(table, parts)).toMatch(/^CREATE TABLE `d``1`\.`new\nname` \(\n {2}`id` int/)
    expect(renderCreateTable(table, { columns: parts.columns.slice(0, 1), keys: [], constraints: [], options: '' })).not.toContain('AUTO_INCREMENT=42')
  })

  test("understands MySQL's own spellings", () => {
    const { columns, keys, constraints, options } = parseCreateTable(
      "CREATE TABLE `t` (\n  `a` int NOT NULL DEFAULT '0' /*!80023 INVISIBLE */,\n  `b` varchar(9) DEFAULT (concat(_utf8mb4'(,',`a`)),\n  PRIMARY KEY (`a`),\n  KEY `f` ((`a` + 1)) /*!80000 INVISIBLE */,\n  CONSTRAINT `c` CHECK ((`a` > 0)) /*!80016 NOT ENFORCED */\n) ENGINE=InnoDB\n/*!50100 PARTITION BY KEY (a)\nPARTITIONS 2 */",
    )
    expect([columns.length, keys.length, constraints.length]).toEqual([2, 2, 1])
    expect(options).toContain('PARTITIONS 2 */')
  })

  test('reads a foreign key', () => {
    expect(parseForeignKey(parts.constraints[0] as (typeof parts.constraints)[0])).toEqual({
      columns: ['id', 'x`,\n  PRIMARY KEY (`id`)'],
      references: { database: 'o`.', name: 'p (' },
      referencedColumns: ['a', 'ON UPDATE CASCADE'],
      onUpdate: 'RESTRICT',
      onDelete: 'SET NULL',
    })
  })

  test.each([
    '',
    'CREATE VIEW `v` AS SELECT 1',
    'CREATE TABLE `t` (',
    'CREATE TABLE `t` (\n  `a',
    "CREATE TABLE `t` (\n  `a` enum('x\n)",
    'CREATE TABLE `t` (\n  what is this\n)',
  ])('refuses what it does not understand: %j', (text) => {
    expect(() => parseCreateTable(text)).toThrow(expect.objectContaining({ code: 'MYSQL_DEFINITION' }))
  })
})
