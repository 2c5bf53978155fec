import type { LogicalType } from '@dbsync/core/plugin'
import type { ServerClient } from './client.ts'
import { quote } from './databases.ts'
import type { FixtureCell, FixtureColumn, FixtureRow, FixtureTable } from './fixture.ts'

/** Fixture tables on a real server: for the suites of plugins that read MySQL or MariaDB. */
export interface MysqlFixture extends AsyncDisposable {
  readonly create: (table: FixtureTable) => Promise<void>
  readonly insert: (table: FixtureTable, rows: readonly FixtureRow[]) => Promise<void>
  readonly drop: (table: FixtureTable) => Promise<void>
}

export async function mysqlFixture(server: ServerClient, database: string): Promise<MysqlFixture> {
  const connection = await server.connect({ database })
  await connection.query("SET sql_mode = 'ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO,STRICT_ALL_TABLES', time_zone = '+00:00'")
  return {
    async create({ name, columns, key }) {
      const primary = key.length === 0 ? [] : [`PRIMARY KEY (${key.map(quote).join(', ')})`]
      const parts = [...columns.map((column) => `${quote(column.name)} ${definition(column)}`), ...primary]
      await connection.query(`CREATE TABLE ${quote(name)} (${parts.join(', ')}) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`)
    },
    async insert({ name, columns }, rows) {
      for (let start = 0; start < rows.length; start += 1_000) {
        const values = rows.slice(start, start + 1_000).map((row) => `(${columns.map(({ type }, i) => literal(type, row[i] ?? null)).join(', ')})`)
        await connection.query(`INSERT INTO ${quote(name)} VALUES ${values.join(', ')}`)
      }
    },
    async drop({ name }) {
      await connection.query(`DROP TABLE ${quote(name)}`)
    },
    async [Symbol.asyncDispose]() {
      await connection.end()
    },
  }
}

// A TIMESTAMP without a word about NULL may get values of its own on older servers.
const definition = (column: FixtureColumn): string => `${typeSql(column.type, column.members ?? [])} ${column.nullable ? 'NULL DEFAULT NULL' : 'NOT NULL'}`

const INTS = { 8: 'TINYINT', 16: 'SMALLINT', 24: 'MEDIUMINT', 32: 'INT', 64: 'BIGINT' } as const

function typeSql(type: LogicalType, members: readonly string[]): string {
  switch (type.kind) {
    case 'bool':
      return 'TINYINT(1)'
    case 'int':
      return `${INTS[type.bits]}${type.unsigned ? ' UNSIGNED' : ''}`
    case 'float':
      return type.bits === 32 ? 'FLOAT' : 'DOUBLE'
    case 'decimal':
      return `DECIMAL(${type.precision}, ${type.scale})`
    case 'text':
      return type.maxLength === undefined ? 'LONGTEXT' : `VARCHAR(${type.maxLength})`
    case 'bytes':
      return type.maxLength === undefined ? 'LONGBLOB' : `VARBINARY(${type.maxLength})`
    case 'bits':
      return `BIT(${type.length})`
    case 'time':
    case 'datetime':
    case 'timestamp':
      return `${type.kind.toUpperCase()}(${type.fraction})`
    case 'enum':
    case 'set':
      return `${type.kind.toUpperCase()}(${members.map((member) => `'${member.replaceAll("'", "''")}'`).join(', ')})`
    default:
      return type.kind.toUpperCase()
  }
}

function literal(type: LogicalType, cell: FixtureCell): string {
  if (cell === null) return 'NULL'
  const hex = Buffer.from(cell).toString('hex')
  switch (type.kind) {
    case 'bytes':
    case 'bits':
    case 'geometry':
      return `X'${hex}'`
    case 'text':
    case 'json':
    case 'enum':
    case 'set':
      return `_utf8mb4 X'${hex}'`
    default:
      return `'${Buffer.from(cell).toString('latin1')}'`
  }
}
