import type { LogicalType } from '@dbsync/core/plugin'
import { typeName, VALUE_CORPUS } from '../value-corpus.ts'
import { remade, textOf, type WrongReader } from './wrong.ts'

type Changed = readonly [does: string, change: (cell: Uint8Array) => Uint8Array | string]

/** The ways in which values are usually lost, one for each type of the corpus. */
function changed(type: LogicalType): Changed {
  switch (type.kind) {
    case 'bool':
      return ['as true', () => '1']
    case 'int':
      if (type.bits === 64) return ['through a double', (cell) => String(BigInt(Number(textOf(cell))))]
      if (!type.unsigned) return ['without a sign', (cell) => textOf(cell).replace('-', '')]
      return ['cut at the greatest signed one', (cell) => String(Math.min(Number(textOf(cell)), 2 ** (type.bits - 1) - 1))]
    case 'float':
      return type.bits === 32
        ? ['with 6 digits', (cell) => String(Number(Number(textOf(cell)).toPrecision(6)))]
        : ['as one of 32 bits', (cell) => String(Math.fround(Number(textOf(cell))))]
    case 'decimal':
      return ['through a double', (cell) => Number(textOf(cell)).toFixed(type.scale)]
    case 'text':
      return type.maxLength === undefined
        ? ['cut at 64 KiB', (cell) => cell.subarray(0, 65_535)]
        : ['without spaces at the end', (cell) => textOf(cell).trimEnd()]
    case 'bytes':
      return type.maxLength === undefined ? ['cut at 64 KiB', (cell) => cell.subarray(0, 65_535)] : ['as UTF-8', textOf]
    case 'bits':
      return ['as a number', (cell) => String(BigInt(`0x${Buffer.from(cell).toString('hex')}`))]
    case 'enum':
      return ['in capitals', (cell) => textOf(cell).toUpperCase()]
    case 'set':
      return ['in the order of the alphabet', (cell) => textOf(cell).split(',').sort().join()]
    case 'json':
      return ['parsed and written anew', (cell) => JSON.stringify(JSON.parse(textOf(cell)))]
    case 'time':
      return type.fraction === 0
        ? ['as a time of day', (cell) => new Date(secondsOf(textOf(cell)) * 1_000).toISOString().slice(11, 19)]
        : ['in milliseconds', inMilliseconds]
    case 'date':
      return ['in another zone', (cell) => new Date(Date.parse(textOf(cell)) - 3_600_000).toISOString().slice(0, 10)]
    case 'datetime':
    case 'timestamp':
      return type.fraction === 0 ? ['in another zone', earlier] : ['in milliseconds', inMilliseconds]
    case 'geometry':
      return ['without its SRID', (cell) => Buffer.concat([Buffer.alloc(4), cell.subarray(4)])]
  }
}

const secondsOf = (time: string): number => {
  const [hours = 0, minutes = 0, seconds = 0] = time.replace('-', '').split(':').map(Number)
  return (time.startsWith('-') ? -1 : 1) * (hours * 3_600 + minutes * 60 + seconds)
}
const inMilliseconds = (cell: Uint8Array) => `${textOf(cell).slice(0, -3)}000`
const earlier = (cell: Uint8Array) => new Date(Date.parse(`${textOf(cell)}Z`) - 3_600_000).toISOString().slice(0, 19).replace('T', ' ')

/** A reader that changes the values of one type. */
export const WRONG_VALUES: readonly WrongReader[] = VALUE_CORPUS.map(({ type }) => {
  const [how, change] = changed(type)
  const same = typeName(type)
  return {
    does: `reads each ${same} ${how}`,
    make: (right) => ({
      async *read(request) {
        for await (const batch of right.read(request)) {
          const mine = batch.columns.map((column) => typeName(column.type) === same)
          yield mine.includes(true)
            ? remade(batch, (rows) => rows.map((row) => row.map((cell, i) => (mine[i] && cell !== null ? change(Buffer.from(cell)) : cell))))
            : batch
        }
      },
    }),
    fails: [`values > keeps every ${same}`],
  }
})
