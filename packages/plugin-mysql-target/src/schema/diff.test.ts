import type { Column, DiffOptions, TableSchema } from '@dbsync/core/plugin'
import { alterParts, partId } from '@dbsync/core/plugin'
import { describe, expect, test } from 'vitest'
import { fitTable, renderChange } from '../ddl.ts'
import { dialectOf } from './dialect.ts'
import { diffTables } from './diff.ts'

const MARIADB = { flavour: 'mariadb', versionNumber: 101119, lowerCaseTableNames: 0 } as const
const TAIL = ') ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci'

/** A schema from its definition, as far as a difference looks at it. */
function schema(lines: readonly string[], tail = TAIL, flavour: 'mariadb' | 'mysql' = 'mariadb'): TableSchema {
  const columns = lines.flatMap((line): Column[] => {
    const [, name, type] = /^`((?:[^`]|``)*)` ([a-z]+(?:\([^)]*\))?(?: unsigned)?)/.exec(line) ?? []
    if (name === undefined || type === undefined) return []
    const text = /char|text|enum|set/.test(type)
    const native = type.replace(/int\(\d+\)/, 'int')
    const generated = /VIRTUAL|STORED/.exec(line)?.[0].toLowerCase() as 'virtual' | 'stored' | undefined
    return [
      {
        name: name.replaceAll('``', '`'),
        type: type === 'json' ? { kind: 'json' } : text ? { kind: 'text' } : { kind: 'int', bits: 32 },
        nullable: !line.includes('NOT NULL'),
        native,
        ...(text ? { charset: 'utf8mb4', collation: 'utf8mb4_general_ci' } : {}),
        ...(generated === undefined ? {} : { generated }),
      },
    ]
  })
  const create = `CREATE TABLE \`t\` (\n  ${lines.join(',\n  ')}\n${tail}`
  const rest = { key: [], uniqueKeys: [], foreignKeys: [], referencedBy: [], triggers: [], transactional: true }
  return { table: { database: 'd', name: 't' }, columns, ...rest, native: { flavour, create } }
}

const diff = (from: TableSchema, to: TableSchema, options: Partial<DiffOptions> = {}) =>
  diffTables(from, to, { drop: 'definitions', ...options }, dialectOf(MARIADB))
const statements = (from: TableSchema, to: TableSchema, options: Partial<DiffOptions> = {}) => {
  const { before = [], changes, after = [] } = diff(from, to, options)
  return [...before, ...changes, ...after].flatMap(renderChange).map((text) => text.replace('ALTER TABLE `d`.`t` ', ''))
}

const ID = '`id` int(11) NOT NULL'
const PK = 'PRIMARY KEY (`id`)'
const base = schema([ID, '`a` varchar(9) DEFAULT NULL', '`b` int(11) DEFAULT NULL', PK])

describe('two definitions', () => {
  test('that say the same in other words are equal', () => {
    const spelled = schema([
      ID,
      '`d` timestamp NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP',
      "`n` int DEFAULT '5'",
      "`e` int DEFAULT (1 + 2) COMMENT 'c'",
      PK,
    ])
    const other = schema([
      '`id` int NOT NULL',
      '`d` timestamp NULL ON UPDATE current_timestamp() DEFAULT current_timestamp()',
      '`n` int(11) DEFAULT 5',
      "`e` int(11) COMMENT 'c' DEFAULT ((1 + 2))",
      PK,
    ])
    expect(diff(spelled, other)).toMatchObject({ changes: [], kept: [], conflicts: [] })
    expect(diff(base, schema([ID, '`a` varchar(9)', '`b` int(11)', PK], `${TAIL} AUTO_INCREMENT=7`))).toMatchObject({ changes: [] })
    const utf8 = (name: string) => schema([ID, PK], `) ENGINE=InnoDB DEFAULT CHARSET=${name} COLLATE=${name}_bin`)
    expect(diff(utf8('utf8'), utf8('utf8mb3'))).toMatchObject({ changes: [] })
  })

  test('become equal in one statement', () => {
    const wanted = schema(
      [ID, '`b` bigint(20) DEFAULT NULL', "`new` text DEFAULT 'x,y'", '`a` varchar(9) NOT NULL', PK, 'KEY `k` (`b`)'],
      `${TAIL} COMMENT='c'`,
    )
    expect(statements(base, wanted)).toEqual([
      "MODIFY COLUMN `b` bigint(20) DEFAULT NULL, ADD COLUMN `new` text DEFAULT 'x,y' AFTER `b`, MODIFY COLUMN `a` varchar(9) NOT NULL AFTER `new`, ADD KEY `k` (`b`), COMMENT='c'",
    ])
  })

  test.each([
    [
      'moves as few columns as can be',
      ['`a` int', '`b` int', '`c` int', '`d` int'],
      ['`d` int', '`a` int', '`b` int', '`c` int'],
      ['MODIFY COLUMN `d` int FIRST'],
    ],
    ['renames an index of the same shape', [ID, 'KEY `k` (`id`)'], [ID, 'KEY `l` (`id`)'], ['RENAME INDEX `k` TO `l`']],
    ['switches an index', [ID, 'KEY `k` (`id`)'], [ID, 'KEY `k` (`id`) IGNORED'], ['ALTER INDEX `k` IGNORED']],
    ['makes an index anew', [ID, 'KEY `k` (`id`)'], [ID, 'UNIQUE KEY `k` (`id`)'], ['DROP KEY `k`, ADD UNIQUE KEY `k` (`id`)']],
    [
      'keeps the order of keys',
      [ID, 'KEY `a` (`id`)', 'KEY `c` (`id`)'],
      [ID, 'KEY `a` (`id`)', 'KEY `b` (`id`,`x`)', 'KEY `c` (`id`)'],
      ['ADD KEY `b` (`id`,`x`), DROP KEY `c`, ADD KEY `c` (`id`)'],
    ],
    ['makes no key anew for the order alone', [ID, 'KEY `a` (`id`)', "KEY `c` (`id`) COMMENT 'x'"], [ID, "KEY `c` (`id`) COMMENT 'x'", 'KEY `a` (`id`)'], []],
    [
      'changes checks',
      [ID, 'CONSTRAINT `c` CHECK (`id` > 0)'],
      [ID, "CONSTRAINT `c` CHECK (`id` <> ')')"],
      ["DROP CONSTRAINT `c`, ADD CONSTRAINT `c` CHECK (`id` <> ')')"],
    ],
    [
      'makes a computed column anew',
      [ID, '`v` int GENERATED ALWAYS AS (`id`) VIRTUAL', 'KEY `k` (`v`)'],
      [ID, '`v` int GENERATED ALWAYS AS (`id`) STORED', 'KEY `k` (`v`)'],
      ['DROP COLUMN `v`, ADD COLUMN `v` int GENERATED ALWAYS AS (`id`) STORED AFTER `id`, DROP KEY `k`, ADD KEY `k` (`v`)'],
    ],
  ] as const)('%s', (_, from, to, expected) => {
    expect(statements(schema(from), schema(to))).toEqual(expected)
  })

  test('foreign keys go first and come last', () => {
    const key = (rule: string) => `CONSTRAINT \`f\` FOREIGN KEY (\`b\`) REFERENCES \`p\` (\`id\`)${rule}`
    const [from, to] = [schema([ID, '`b` int(11)', key('')]), schema([ID, '`b` bigint(20)', key('')])]
    const drop = 'DROP FOREIGN KEY `f`'
    expect(statements(from, schema([ID, '`b` int(11)', key(' ON DELETE CASCADE')]))).toEqual([drop, `ADD ${key(' ON DELETE CASCADE')}`])
    expect(statements(from, to)).toEqual([drop, 'MODIFY COLUMN `b` bigint(20)', `ADD ${key('')}`])
    expect(statements(from, from, { remake: ['f'] })).toEqual([drop, `ADD ${key('')}`])
    expect(statements(from, schema([ID, '`b` int(11)', key(' ON DELETE RESTRICT ON UPDATE NO ACTION')]))).toEqual([])
    expect(statements(from, schema([ID, '`b` int(11)']))).toEqual([drop])
    expect(statements(from, schema([ID, '`b` int(11)']), { drop: 'nothing' })).toEqual([])
  })

  test('partitions are added where that is all, else made anew', () => {
    const table = (...items: readonly string[]) =>
      schema([ID, PK], `${TAIL}\n PARTITION BY RANGE (\`id\`)\n(${items.map((item) => `PARTITION ${item} ENGINE = InnoDB`).join(',\n ')})`)
    const [one, two] = ['`a` VALUES LESS THAN (1)', '`b` VALUES LESS THAN (2)']
    expect(statements(table(one), table(one, two))).toEqual([`ADD PARTITION (PARTITION ${two} ENGINE = InnoDB)`])
    expect(statements(table(one, two), table(two))[0]).toMatch(/^PARTITION BY RANGE/)
    expect(statements(table(one), schema([ID, PK], `${TAIL} COMMENT='c'`))).toEqual(["COMMENT='c' REMOVE PARTITIONING"])
  })

  test('what only the target has is kept with what belongs to it, unless all may go', () => {
    const actual = schema([
      ID,
      '`mine` int(11) NOT NULL',
      '`a` varchar(9) DEFAULT NULL',
      '`b` int(11) DEFAULT NULL',
      PK,
      'KEY `mine` (`mine`)',
      'KEY `both` (`mine`,`a`)',
    ])
    const kept = diff(actual, base)
    expect(kept.kept).toEqual(['mine'])
    expect(statements(actual, base)).toEqual(['MODIFY COLUMN `mine` int(11) NULL, DROP KEY `both`'])
    expect(kept.altered?.columns.map(({ name, nullable }) => [name, nullable])).toContainEqual(['mine', true])
    expect(JSON.stringify(kept.altered?.native)).toContain('KEY `mine` (`mine`)')
    expect(statements(actual, base, { drop: 'all' })).toEqual(['DROP COLUMN `mine`, DROP KEY `mine`, DROP KEY `both`'])
    expect(
      alterParts(diff(actual, base, { drop: 'all' }))
        .filter((part) => part.destructive)
        .map(partId),
    ).toEqual(['column:mine'])
    expect(statements(actual, base, { drop: 'nothing' })).toEqual(['MODIFY COLUMN `mine` int(11) NULL'])
    expect(diff(actual, base, { drop: 'nothing' }).advice).toEqual([
      'only the target shows index mine, index both: kept, since the source may hide what it has',
    ])
  })

  test('a rename is proposed where type and place are the same, and only there', () => {
    const advice = (...columns: readonly string[]) => diff(base, schema([...columns, PK])).advice
    expect(advice(ID, '`z` varchar(9)', '`b` int(11)')?.[0]).toContain('ALTER TABLE `d`.`t` RENAME COLUMN `a` TO `z`;')
    expect(advice(ID, '`z` varchar(8)', '`b` int(11)')).toEqual([])
    expect(advice(ID, '`b` int(11)', '`z` varchar(9)')).toEqual([])
    expect(advice(ID, '`z` varchar(9)', '`y` varchar(9)', '`b` int(11)')).toEqual([])
  })

  test('what waits stays as it was meanwhile', () => {
    const wanted = schema([ID, '`a` varchar(5) NOT NULL', '`b` bigint(20) DEFAULT NULL', PK, 'UNIQUE KEY `u` (`a`)'])
    const late = diff(base, wanted, { postpone: ['column:a', 'index:u'] })
    expect(late.changes.flatMap(renderChange)).toEqual(['ALTER TABLE `d`.`t` MODIFY COLUMN `b` bigint(20) DEFAULT NULL'])
    expect(late.after?.flatMap(renderChange)).toEqual(['ALTER TABLE `d`.`t` MODIFY COLUMN `a` varchar(5) NOT NULL, ADD UNIQUE KEY `u` (`a`)'])
    expect(late.meanwhile?.columns.map(({ native, nullable }) => `${native} ${nullable}`)).toEqual([
      'int false',
      'varchar(9) true',
      'bigint(20) true'.replace('(20)', ''),
    ])
    expect(JSON.stringify(late.altered?.native)).not.toContain('UNIQUE')
  })

  test('an index behind one that waits, waits too', () => {
    const uniques = (...keys: readonly string[]) => schema([ID, '`a` varchar(9)', '`b` int(11)', PK, ...keys])
    const [u, v, k] = ['UNIQUE KEY `u` (`a`)', 'UNIQUE KEY `v` (`b`)', 'KEY `k` (`b`)']
    const late = (from: ReturnType<typeof schema>, to: ReturnType<typeof schema>) => {
      const { changes, after, meanwhile } = diff(from, to, { postpone: ['index:u'] })
      const clauses = (some: typeof changes = []) => some.flatMap(renderChange).map((sql) => sql.replace('ALTER TABLE `d`.`t` ', ''))
      return [clauses(changes), clauses(after), /UNIQUE KEY `(.)`/.exec(JSON.stringify(meanwhile?.native))?.[1]]
    }
    expect(late(uniques(), uniques(u, v, k))).toEqual([[`ADD ${k}`], [`ADD ${u}, ADD ${v}`], undefined])
    // It is only moved: meanwhile it stays.
    expect(late(uniques(v), uniques(u, v))).toEqual([[], [`ADD ${u}, DROP KEY \`v\`, ADD ${v}`], 'v'])
  })
})

describe('what narrows', () => {
  const facts = (from: string, to: string) => {
    const [part] = alterParts(diff(schema([ID, `\`a\` ${from}`]), schema([ID, `\`a\` ${to}`])))
    return [part?.narrowing === true ? 'narrows' : 'fits', part?.rows === true ? 'rows' : 'no rows'].join(', ')
  }
  test.each([
    ['varchar(9)', 'varchar(10)', 'fits, no rows'],
    ['varchar(9)', 'varchar(8)', 'narrows, rows'],
    ['varchar(9)', 'text', 'fits, no rows'],
    ['text', 'varchar(9)', 'narrows, rows'],
    ['int(11)', 'bigint(20)', 'fits, no rows'],
    ['bigint(20)', 'int(11)', 'narrows, rows'],
    ['int(10) unsigned', 'bigint(20)', 'fits, no rows'],
    ['int(11)', 'int(10) unsigned', 'narrows, rows'],
    ['int(10) unsigned', 'int(11)', 'narrows, rows'],
    ['bigint(20) unsigned', 'bigint(20)', 'narrows, rows'],
    ['int(11) DEFAULT NULL', 'int(11) NOT NULL', 'narrows, rows'],
    ['int(11) NOT NULL', 'int(11) DEFAULT NULL', 'fits, no rows'],
    ["enum('a','b')", "enum('a','b','c')", 'fits, no rows'],
    ["enum('a','b')", "enum('b','a')", 'fits, rows'],
    ["enum('a','b')", "enum('a')", 'narrows, rows'],
    ['decimal(5,2)', 'decimal(6,3)', 'fits, rows'],
    ['decimal(5,2)', 'decimal(5,3)', 'narrows, rows'],
    ['varchar(9)', 'int(11)', 'narrows, rows'],
    ['int(11) DEFAULT 1', 'int(11) DEFAULT 2', 'fits, no rows'],
  ])('%s to %s: %s', (from, to, expected) => {
    expect(facts(from, to)).toBe(expected)
  })
})

describe('a definition of the other flavour', () => {
  const server = (flavour: 'mariadb' | 'mysql', versionNumber: number) => ({
    flavour,
    versionNumber,
    version: '',
    id: 'x',
    label: 'x',
    maxAllowedPacket: 1,
    localInfile: true,
    lowerCaseTableNames: 0,
    binaryLog: false,
  })
  const AS = { database: 'd', name: 't' }
  const mysql = schema(
    [
      '`id` int NOT NULL AUTO_INCREMENT',
      "`j` json DEFAULT NULL COMMENT 'a json /*!80023 INVISIBLE */'",
      '`h` int DEFAULT NULL /*!80023 INVISIBLE */',
      "`n` int NOT NULL DEFAULT '0'",
      '`u` varchar(36) DEFAULT (uuid())',
      '`c` datetime DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP',
      '`g` int GENERATED ALWAYS AS ((`n` + 1)) STORED NOT NULL',
      PK,
      'KEY `v` (`n`) /*!80000 INVISIBLE */',
      'KEY `f` ((`n` + 1))',
      'CONSTRAINT `ck` CHECK ((`n` > 0))',
      'CONSTRAINT `no` CHECK ((`n` > 9)) /*!80016 NOT ENFORCED */',
    ],
    ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMPRESSION='zlib' /*!80016 ENCRYPTION='N' */ COMMENT='ENCRYPTION=''Y'''",
    'mysql',
  )
  const here = schema(
    [
      '`id` int(11) NOT NULL AUTO_INCREMENT',
      "`j` longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL COMMENT 'a json /*!80023 INVISIBLE */' CHECK (json_valid(`j`))",
      '`h` int(11) INVISIBLE DEFAULT NULL',
      '`n` int(11) NOT NULL DEFAULT 0',
      '`u` varchar(36) DEFAULT uuid()',
      '`c` datetime DEFAULT current_timestamp() ON UPDATE current_timestamp()',
      '`g` int(11) GENERATED ALWAYS AS (`n` + 1) STORED',
      PK,
      'KEY `v` (`n`) IGNORED',
      'CONSTRAINT `ck` CHECK (`n` > 0)',
    ],
    ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_uca1400_nopad_ai_ci COMMENT='ENCRYPTION=''Y'''",
  )
  const asRead = {
    ...here,
    columns: here.columns.map((column) => (column.name === 'j' ? { ...column, type: { kind: 'json' } as const, collation: 'utf8mb4_bin' } : column)),
  }

  test('of MySQL is the one that MariaDB prints', () => {
    const fitted = fitTable(mysql, AS, server('mariadb', 101119))
    expect(alterParts(diff(asRead, fitted)).map(({ name, from, to }) => ({ name, from, to }))).toEqual([])
    expect(fitTable(fitted, AS, server('mariadb', 101119))).toEqual(fitted)
    expect(alterParts(diff(asRead, fitTable(schema(['`id` int NOT NULL', PK], undefined, 'mysql'), AS, server('mariadb', 101119)))).length).toBeGreaterThan(0)
  })

  test('of MariaDB is one that MySQL takes', () => {
    const create = (fitTable(asRead, AS, server('mysql', 80036)).native as { create: string }).create
    for (const text of ['`u` varchar(36) DEFAULT (uuid())', '/*!80023 INVISIBLE */', 'KEY `v` (`n`) /*!80000 INVISIBLE */', 'COLLATE=utf8mb4_0900_ai_ci'])
      expect(create).toContain(text)
    expect(create).toMatch(/CONSTRAINT `dbsync_chk_[0-9a-f]{16}` CHECK \(json_valid\(`j`\)\)/)
    expect(create).toContain("COMMENT 'a json /*!80023 INVISIBLE */',")
  })
})
