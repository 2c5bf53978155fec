import { describe, expect, it } from 'vitest'
import { CellCursor, NULL_CELL, packRows, type RowBatch, RowPacker, rowBatch } from './rows.ts'
import type { Column } from './schema.ts'

const columns = (count: number): Column[] => Array.from({ length: count }, (_, i) => ({ name: `c${i}`, type: { kind: 'bytes' }, nullable: true }))
const cellsOf = (batch: RowBatch) => Array.from({ length: batch.rowCount }, (_, row) => batch.columns.map((_, column) => batch.cell(row, column)))

/** Bytes that tell a shifted cell from the right one. */
const pattern = (length: number, seed = 1) => Buffer.alloc(length).map((_, i) => (i * 31 + seed * 7 + (i >> 8)) & 0xff)

describe('packed rows', () => {
  // Each length, and the bytes that its prefix must be.
  it.each([
    [0, '00'],
    [1, '01'],
    [250, 'fa'],
    [251, 'fcfb00'],
    [65_535, 'fcffff'],
    [65_536, 'fd000001'],
    [2 ** 24 - 1, 'fdffffff'],
    [2 ** 24, 'fe0000000100000000'],
  ])('keeps a cell of %i bytes between others', (length, prefix) => {
    const cell = pattern(length)
    const batch = packRows(columns(3), [['a', cell, null]])
    expect(Buffer.from(batch.bytes.subarray(2, 2 + prefix.length / 2)).toString('hex')).toBe(prefix)
    expect(batch.bytes.length).toBe(2 + prefix.length / 2 + length + 1)
    const read = batch.cell(0, 1)
    expect(read !== null && Buffer.compare(cell, read) === 0).toBe(true)
    expect(batch.cell(0, 0)).toEqual(Buffer.from('a'))
    expect(batch.cell(0, 2)).toBeNull()
  })

  it('tells NULL from the empty cell and from a cell that holds the byte of NULL', () => {
    const batch = packRows(columns(3), [[null, '', new Uint8Array([NULL_CELL])]])
    expect([...batch.bytes]).toEqual([NULL_CELL, 0, 1, NULL_CELL])
    expect(cellsOf(batch)).toEqual([[null, Buffer.alloc(0), Buffer.from([NULL_CELL])]])
  })

  it('keeps random rows, found by position and one after the other', () => {
    const seed = Date.now() % 2 ** 31
    const random = generator(seed)
    for (let trial = 0; trial < 200; trial++) {
      const width = 1 + random(6)
      const rows = Array.from({ length: random(20) }, () => Array.from({ length: width }, () => randomCell(random)))
      const batch = packRows(columns(width), rows)
      const context = `seed ${seed}, trial ${trial}`
      expect(batch.rowCount, context).toBe(rows.length)
      expect(cellsOf(batch), context).toEqual(rows.map((row) => row.map(asBytes)))
      const cursor = new CellCursor(batch.bytes)
      for (const cell of rows.flat()) {
        cursor.next()
        expect(cursor.isNull, context).toBe(cell === null)
        expect(cursor.cell(), context).toEqual(asBytes(cell))
      }
      expect(cursor.at, context).toBe(batch.bytes.length)
      expect([...rowBatch(batch.columns, batch.bytes, batch.rowCount).rows()], context).toEqual(rows.map((row) => row.map(asBytes)))
    }
  })

  it('finds cells in any order, and rows without columns', () => {
    const batch = packRows(columns(2), [
      ['a', null],
      ['bb', 'c'],
    ])
    expect([batch.cell(1, 1), batch.cell(0, 1), batch.cell(1, 0), batch.cell(0, 0)]).toEqual(['c', null, 'bb', 'a'].map(asBytes))
    expect(packRows([], [[], []]).rowCount).toBe(2)
  })

  it('does not copy cells', () => {
    const batch = packRows(columns(1), [['abc']])
    expect(batch.cell(0, 0)?.buffer).toBe(batch.bytes.buffer)
  })
})

describe('RowPacker', () => {
  it('grows, hands its rows over and starts anew without touching them', () => {
    const packer = new RowPacker(1)
    packer.cell('é')
    packer.endRow()
    expect(packer.byteLength).toBe(3)
    const first = packer.take(columns(1))
    expect([packer.rowCount, packer.byteLength]).toEqual([0, 0])
    packer.cell('zz')
    packer.endRow()
    expect(cellsOf(packer.take(columns(1)))).toEqual([[Buffer.from('zz')]])
    expect(cellsOf(first)).toEqual([[Buffer.from('é')]])
  })

  it.each([10, 64, 65, 10_000])('appends packed rows of %i bytes as they are', (length) => {
    const source = packRows(columns(2), [
      ['skipped', null],
      [pattern(length), 'x'],
    ])
    const cursor = new CellCursor(source.bytes)
    cursor.skip(2)
    const packer = new RowPacker(8)
    packer.packed(source.bytes, cursor.at)
    packer.endRow()
    packer.packed(packRows(columns(2), [[null, '']]).bytes)
    packer.endRow()
    expect(cellsOf(packer.take(columns(2)))).toEqual([
      [pattern(length), Buffer.from('x')],
      [null, Buffer.alloc(0)],
    ])
  })
})

describe('CellCursor', () => {
  it('jumps to where it is told', () => {
    const { bytes } = packRows(columns(1), [['a'], ['b'], ['c']])
    const cursor = new CellCursor(bytes, 2)
    cursor.next()
    expect(cursor.cell()).toEqual(Buffer.from('b'))
    cursor.at = 0
    cursor.skip(3)
    expect([cursor.cell(), cursor.at]).toEqual([Buffer.from('c'), 6])
  })
})

function randomCell(random: (below: number) => number): Uint8Array | string | null {
  const lengths = [0, 1, 249, 250, 251, 252, 300, 1_000]
  const length = lengths[random(lengths.length)] ?? 0
  const kind = random(4)
  if (kind === 0) return null
  return kind === 1 ? '表é'.repeat(random(100)) : pattern(length, random(256))
}

const asBytes = (cell: Uint8Array | string | null) => (cell === null ? null : Buffer.from(cell))

/** Lehmer's generator: whole numbers below `below`, the same for the same seed. */
function generator(seed: number): (below: number) => number {
  let state = (seed % 2_147_483_646) + 1
  return (below) => {
    state = (state * 48_271) % 2_147_483_647
    return state % below
  }
}
