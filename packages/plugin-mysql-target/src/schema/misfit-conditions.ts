import type { Column } from '@dbsync/core/plugin'
import { quoteId } from '@dbsync/mysql'
import { retype, type TypeParts, typeParts } from './narrowing.ts'

/** SQL that is true for a value that would not survive; no condition where none is known. */
export type MisfitCondition = { readonly condition: string | undefined; readonly why: string }

const LIMITS: Readonly<Record<string, bigint>> = { tinyint: 8n, smallint: 16n, mediumint: 24n, int: 32n, bigint: 64n }
const BYTES: Readonly<Record<string, string>> = {
  tinytext: '255',
  tinyblob: '255',
  text: '65535',
  blob: '65535',
  mediumtext: '16777215',
  mediumblob: '16777215',
  longtext: '4294967295',
  longblob: '4294967295',
}

/** Which values of a column do not fit its new definition. */
export function misfitConditions(from: Column, to: Column): readonly MisfitCondition[] {
  const name = quoteId(from.name)
  const found: MisfitCondition[] = []
  if (from.nullable && !to.nullable) found.push({ condition: `${name} IS NULL`, why: `hold NULL in ${from.name}` })
  if (!retype({ ...from, nullable: to.nullable }, to).narrowing) return found
  const why = `hold a value in ${from.name} that does not fit ${to.native ?? 'its new type'}`
  const lossyText = charsetCondition(from, to, name)
  if (lossyText !== undefined) found.push({ condition: lossyText, why: `hold characters in ${from.name} that ${to.charset} does not have` })
  if (from.native !== to.native) found.push({ condition: typeCondition(from, to, name), why })
  return found.map((each) =>
    each.condition === undefined ? { condition: undefined, why: `values of ${from.name} cannot be foretold as ${to.native ?? 'its new type'}` } : each,
  )
}

function charsetCondition(from: Column, to: Column, name: string): string | undefined {
  if (from.charset === undefined || to.charset === undefined || from.charset === to.charset) return undefined
  return `CAST(CONVERT(CONVERT(${name} USING ${to.charset}) USING ${from.charset}) AS BINARY) <> CAST(${name} AS BINARY)`
}

function typeCondition(from: Column, to: Column, name: string): string | undefined {
  const [a, b] = [typeParts(from), typeParts(to)]
  const isNumber = ['int', 'decimal', 'bool'].includes(from.type.kind)
  const isText = ['text', 'enum', 'set'].includes(from.type.kind) && from.charset !== undefined
  if (LIMITS[b.base] !== undefined && isNumber) return outside(name, b)
  if (b.base === 'decimal' && isNumber) return `${name} <> CAST(${name} AS ${decimal(b)})${b.unsigned ? ` OR ${name} < 0` : ''}`
  if ((b.base === 'varchar' || b.base === 'char') && (isText || isNumber)) {
    const text = isText ? name : `CAST(${name} AS CHAR)`
    return `CHAR_LENGTH(${text}) > ${b.numbers[0] ?? 1}${b.base === 'char' ? ` OR ${text} LIKE '% '` : ''}`
  }
  if ((b.base === 'varbinary' || b.base === 'binary') && from.type.kind === 'bytes') return `LENGTH(${name}) > ${b.numbers[0] ?? 1}`
  if (BYTES[b.base] !== undefined && (isText || from.type.kind === 'bytes')) {
    const text = to.charset === undefined || !isText ? name : `CONVERT(${name} USING ${to.charset})`
    return `LENGTH(${text}) > ${BYTES[b.base]}`
  }
  if (b.base === 'enum' && isText) return `${name} IS NOT NULL AND CAST(${name} AS CHAR) NOT IN (${b.members.join(', ')})`
  if (b.base === 'set' && a.base === 'set') {
    const gone = a.members.filter((member) => !b.members.includes(member))
    return gone.map((member) => `FIND_IN_SET(${member}, ${name}) > 0`).join(' OR ') || 'FALSE'
  }
  if (b.base === 'bit' && a.base === 'bit') return `${name} + 0 >= ${1n << BigInt(b.numbers[0] ?? 1)}`
  const times = ['time', 'datetime', 'timestamp']
  if (a.base === b.base && times.includes(a.base)) return `${name} <> CAST(${name} AS ${a.base === 'time' ? 'TIME' : 'DATETIME'}(${b.numbers[0] ?? 0}))`
  if (a.base === 'datetime' && b.base === 'date') return `TIME(${name}) <> 0`
  return undefined
}

function outside(name: string, { base, unsigned }: TypeParts): string {
  const bits = LIMITS[base] ?? 64n
  const [least, most] = unsigned ? [0n, (1n << bits) - 1n] : [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n]
  return `${name} < ${least} OR ${name} > ${most} OR ${name} <> ROUND(${name})`
}

const decimal = ({ numbers }: TypeParts): string => `DECIMAL(${numbers[0] ?? 10}, ${numbers[1] ?? 0})`
