import { quoteTable } from '@dbsync/mysql'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stagingTable } from './names.ts'
import { type Rig, rig } from './test-rig.ts'

let r: Rig
beforeAll(async () => {
  r = await rig()
})
afterAll(() => r[Symbol.asyncDispose]())

const ORDERS =
  'id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, code VARCHAR(20) UNIQUE, n INT, t TEXT, KEY by_n (n, id), KEY by_code (code(3)), FULLTEXT KEY words (t)'

async function expectEqual(table: string): Promise<void> {
  expect(await r.cells('target', table)).toEqual(await r.cells('source', table))
  expect(await r.create('target', table)).toBe(await r.create('source', table))
  expect(await r.staging()).toEqual([])
}

describe('a table that is not there yet', () => {
  test('arrives with the same rows and the same definition', async () => {
    await r.at(
      'source',
      `CREATE TABLE orders (${ORDERS}, twice INT AS (n * 2) STORED, KEY by_twice (twice), CONSTRAINT small CHECK (n < 100000)) COMMENT 'AUTO_INCREMENT=7, PARTITION BY'`,
      "INSERT INTO orders (code, n, t) SELECT CONCAT('c', seq), seq % 100, REPEAT('word ', 10) FROM seq_1_to_3000",
      'DELETE FROM orders WHERE id > 2990',
    )
    expect(await r.replace('orders')).toEqual({ inserted: 2990, updated: 0, deleted: 0, unchanged: 0 })
    await expectEqual('orders')
  })

  test('has one commit: another one changes nothing, and later rows are refused', async () => {
    await r.at('source', 'CREATE TABLE once (id INT PRIMARY KEY)', 'INSERT INTO once VALUES (1)')
    const work = await r.work('once', 'replace')
    await using writer = await r.target.open(work, new AbortController().signal)
    for await (const upserts of r.rows('once')) await writer.write({ table: work.schema.table, upserts })
    expect(await writer.commit()).toMatchObject({ inserted: 1 })
    expect(await writer.commit()).toEqual({ inserted: 0, updated: 0, deleted: 0, unchanged: 0 })
    await expectEqual('once')
    for await (const upserts of r.rows('once')) await expect(writer.write({ table: work.schema.table, upserts })).rejects.toThrow(/one commit/)
  })

  test('keeps rows that a check or a foreign key would refuse today', async () => {
    await r.at(
      'source',
      'SET check_constraint_checks = 0, foreign_key_checks = 0',
      'CREATE TABLE lax (id INT PRIMARY KEY, v INT CHECK (v > 0), p INT, KEY (v), CONSTRAINT far CHECK (v < 9), FOREIGN KEY (p) REFERENCES lax (id))',
      'INSERT INTO lax VALUES (1, -5, 77), (2, 50, NULL)',
    )
    await r.replace('lax')
    await r.at('target', 'DELETE FROM lax')
    await r.replace('lax')
    await expectEqual('lax')
  })

  test('without rows arrives too', async () => {
    await r.at('source', 'CREATE TABLE nothing (id INT PRIMARY KEY)')
    expect(await r.replace('nothing')).toEqual({ inserted: 0, updated: 0, deleted: 0, unchanged: 0 })
    await expectEqual('nothing')
  })

  test('keeps the row with key 0, and a counter that leads no primary key', async () => {
    await r.at(
      'source',
      'CREATE TABLE zero (a INT NOT NULL, b INT NOT NULL AUTO_INCREMENT, PRIMARY KEY (a, b), KEY by_b (b), KEY by_a (a))',
      'INSERT INTO zero VALUES (0, 0), (1, 5)',
    )
    await r.replace('zero')
    await expectEqual('zero')
  })

  test('keeps its partitions', async () => {
    await r.at(
      'source',
      'CREATE TABLE parted (id INT PRIMARY KEY, v INT, KEY by_v (v)) PARTITION BY RANGE (id) (PARTITION a VALUES LESS THAN (10), PARTITION b VALUES LESS THAN MAXVALUE)',
      'INSERT INTO parted VALUES (1, 1), (20, 2)',
    )
    await r.replace('parted')
    await r.replace('parted')
    await expectEqual('parted')
  })

  test('a child before its parent, and a table that refers to itself', async () => {
    await r.at(
      'source',
      'CREATE TABLE parent (id INT PRIMARY KEY, boss INT, CONSTRAINT boss FOREIGN KEY (boss) REFERENCES parent (id))',
      `CREATE TABLE child (id INT PRIMARY KEY, p INT, q INT, KEY by_q (q), CONSTRAINT child_ibfk_1 FOREIGN KEY (p) REFERENCES parent (id) ON DELETE CASCADE,
        CONSTRAINT child_ibfk_2 FOREIGN KEY (q) REFERENCES child (id))`,
      'INSERT INTO parent VALUES (1, NULL), (2, 1)',
      'INSERT INTO child VALUES (1, 1, NULL), (2, 2, 1)',
    )
    await r.replace('child')
    await r.replace('parent')
    await expectEqual('child')
    await expectEqual('parent')
    await expect(r.at('target', 'INSERT INTO child VALUES (3, 99, NULL)')).rejects.toThrow(/foreign key/)
    const child = await r.work('child', 'replace')
    expect(await r.target.orphans?.(child.schema, new AbortController().signal)).toEqual([
      { foreignKey: 'child_ibfk_1', rows: 0 },
      { foreignKey: 'child_ibfk_2', rows: 0 },
    ])
    await r.at('target', 'SET foreign_key_checks = 0', 'INSERT INTO child VALUES (7, 99, 98)', 'DELETE FROM parent WHERE id = 2')
    expect(await r.target.orphans?.(child.schema, new AbortController().signal)).toEqual([
      { foreignKey: 'child_ibfk_1', rows: 2 },
      { foreignKey: 'child_ibfk_2', rows: 1 },
    ])
  })

  test.each(['back`tick', "quo'te", 'new\nline', '__proto__', '../../etc', 'ü'.repeat(44), 'x'.repeat(64)])('may be called %j', async (name) => {
    const id = `\`${name.replaceAll('`', '``')}\``
    // The driver of the tests cannot read a column with this name.
    const column = name === '__proto__' ? 'p' : id
    await r.at('source', `CREATE TABLE ${id} (${column} INT PRIMARY KEY, v INT, KEY ${id} (v))`, `INSERT INTO ${id} VALUES (1, 2)`)
    await r.replace(name)
    await r.replace(name)
    await expectEqual(name)
    await r.at('source', `UPDATE ${id} SET v = 3`)
    await r.merge(name, { upserts: 'TRUE', deletes: 'TRUE' })
    await expectEqual(name)
  })
})

describe('a table that is there', () => {
  test('is swapped, and never seen missing or empty', async () => {
    await r.at('source', `CREATE TABLE live (${ORDERS})`, "INSERT INTO live (code, n, t) SELECT CONCAT('c', seq), seq, 'x' FROM seq_1_to_20000")
    await r.replace('live')
    await r.at('source', 'UPDATE live SET n = n + 1 WHERE id % 2', 'DELETE FROM live WHERE id > 19000')
    const seen = await poll('live', () => r.replace('live'))
    expect(new Set(seen)).toEqual(new Set([20000, 19000]))
    await expectEqual('live')
  })

  test('that is gone meanwhile, and left only the one that was swapped out, is not lost', async () => {
    await r.at('source', 'CREATE TABLE alone (id INT PRIMARY KEY)', 'INSERT INTO alone VALUES (1)')
    await r.replace('alone')
    const work = await r.work('alone', 'replace')
    const old = stagingTable(work.schema.table, 'old')
    await r.server.query(`RENAME TABLE ${quoteTable(work.schema.table)} TO ${quoteTable(old)}`)
    const copying = async () => {
      await using writer = await r.target.open(work, new AbortController().signal)
      await writer.commit()
    }
    await expect(copying()).rejects.toThrow(/exist/)
    expect(await r.server.query(`SELECT COUNT(*) AS n FROM ${quoteTable(old)}`)).toMatchObject([{ n: '1' }])
    await r.server.query(`RENAME TABLE ${quoteTable(old)} TO ${quoteTable(work.schema.table)}`)
    await expectEqual('alone')
  })

  test('is written though a writer that was lost left its staging tables behind', async () => {
    await r.at('source', 'CREATE TABLE heir (id INT PRIMARY KEY)', 'INSERT INTO heir VALUES (1), (2)')
    await r.replace('heir')
    const { table } = (await r.work('heir', 'merge')).schema
    const leave = async () => {
      for (const role of ['new', 'del'] as const)
        await r.server.query(`CREATE TABLE ${quoteTable(stagingTable(table, role))} (x INT PRIMARY KEY) SELECT 7 AS x`)
    }
    await leave()
    await r.at('source', 'INSERT INTO heir VALUES (3)', 'DELETE FROM heir WHERE id = 1')
    await r.merge('heir', { upserts: 'id = 3', deletes: 'id = 1' })
    await expectEqual('heir')
    await leave()
    await r.at('source', 'INSERT INTO heir VALUES (4)')
    await r.replace('heir')
    await r.server.query(`DROP TABLE ${quoteTable(stagingTable(table, 'del'))}`)
    await expectEqual('heir')
  })

  test('is swapped with its new definition', async () => {
    await r.at('source', 'CREATE TABLE grown (id INT PRIMARY KEY, z INT, KEY by_z (z))', 'INSERT INTO grown VALUES (1, 2)')
    await r.replace('grown')
    const stale = await r.describe('target', 'grown')
    await r.at(
      'source',
      "ALTER TABLE grown ADD COLUMN a VARCHAR(9) NOT NULL DEFAULT 'x' FIRST, ADD COLUMN m INT AS (id + 1) AFTER id, ADD COLUMN n INT AFTER m",
    )
    const { schema } = await r.work('grown', 'replace')
    if (stale === undefined) throw new Error('no table')
    // As a plan describes it: the table as it would be once it was altered. The copy brings the definition along, so it is not.
    const existing = r.target.diff?.(stale, schema, { drop: 'definitions' }).altered
    const work = { disposition: 'replace', schema, existing } as const
    expect(r.target.makesAnew?.(work)).toBe(true)
    await using writer = await r.target.open(work, new AbortController().signal)
    for await (const upserts of r.rows('grown')) await writer.write({ table: schema.table, upserts })
    await writer.commit()
    await expectEqual('grown')
  })

  test('with a history keeps it', async () => {
    await r.at('source', 'CREATE TABLE versioned (id INT PRIMARY KEY, v INT, KEY (v)) WITH SYSTEM VERSIONING', 'INSERT INTO versioned VALUES (1, 1), (2, 2)')
    await r.replace('versioned')
    await r.at('source', 'UPDATE versioned SET v = 9 WHERE id = 1', 'DELETE FROM versioned WHERE id = 2')
    expect(await r.replace('versioned')).toEqual({ inserted: 0, updated: 1, deleted: 1, unchanged: 0 })
    await expectEqual('versioned')
    const [{ n } = { n: 0 }] = await r.server.query(`SELECT COUNT(*) AS n FROM \`${r.database}\`.versioned FOR SYSTEM_TIME ALL`)
    expect(Number(n)).toBe(3)
  })

  test('without a key is swapped too, with its equal rows', async () => {
    await r.at('source', 'CREATE TABLE bare (a INT, b VARCHAR(9), KEY (b))', "INSERT INTO bare VALUES (1, 'x'), (1, 'x'), (NULL, NULL)")
    await r.replace('bare')
    await r.at('source', "INSERT INTO bare VALUES (1, 'x')")
    expect(await r.replace('bare')).toEqual({ inserted: 4, updated: 0, deleted: 0, unchanged: 0 })
    await expectEqual('bare')
  })

  test('with foreign keys is made equal in one transaction, and cascades do not fire', async () => {
    await r.at(
      'source',
      'CREATE TABLE f_parent (id INT PRIMARY KEY, code VARCHAR(9) UNIQUE)',
      'CREATE TABLE f_child (id INT PRIMARY KEY, p INT, v INT, FOREIGN KEY (p) REFERENCES f_parent (id) ON DELETE CASCADE ON UPDATE CASCADE)',
      "INSERT INTO f_parent SELECT seq, CONCAT('c', seq) FROM seq_1_to_2000",
      'INSERT INTO f_child SELECT seq, seq, 0 FROM seq_1_to_2000',
    )
    await r.replace('f_parent')
    await r.replace('f_child')
    await r.at(
      'source',
      'UPDATE f_parent SET code = NULL WHERE id IN (1, 2)',
      "UPDATE f_parent SET code = 'c2' WHERE id = 1",
      "UPDATE f_parent SET code = 'c1' WHERE id = 2",
      'DELETE FROM f_parent WHERE id = 3',
      "INSERT INTO f_parent VALUES (5000, 'new')",
    )
    // The copy's child still has its row of the parent that goes.
    await r.at('target', 'DELETE FROM f_parent WHERE id = 10', 'INSERT INTO f_parent VALUES (10, NULL)', 'INSERT INTO f_child VALUES (10, 10, 0)')
    const before = await r.cells('target', 'f_child')
    let receipt: unknown
    const seen = await poll('f_parent', async () => {
      receipt = await r.replace('f_parent')
    })
    expect(receipt).toEqual({ inserted: 1, updated: 3, deleted: 1, unchanged: 1996 })
    expect(Math.min(...seen)).toBe(2000)
    expect(await r.cells('target', 'f_child')).toEqual(before)
    await expectEqual('f_parent')
    expect(await r.replace('f_child')).toEqual({ inserted: 0, updated: 0, deleted: 1, unchanged: 1999 })
    await expectEqual('f_child')
  })

  test('without a key but with a foreign key is made equal by counts of row hashes', async () => {
    await r.at(
      'source',
      'CREATE TABLE k_parent (id INT PRIMARY KEY)',
      'CREATE TABLE k_child (p INT, row_hash VARCHAR(9), FOREIGN KEY (p) REFERENCES k_parent (id))',
      'INSERT INTO k_parent VALUES (1), (2)',
      "INSERT INTO k_child VALUES (1, 'a'), (1, 'a'), (1, 'b'), (2, NULL), (2, NULL)",
    )
    await r.replace('k_parent')
    await r.replace('k_child')
    await r.at('target', "INSERT INTO k_child VALUES (1, 'a'), (2, 'z')", "DELETE FROM k_child WHERE row_hash = 'b'")
    expect(await r.replace('k_child')).toEqual({ inserted: 3, updated: 0, deleted: 4, unchanged: 2 })
    await expectEqual('k_child')
  })

  test('keeps the columns and the values that only the target has', async () => {
    await r.at(
      'source',
      'CREATE TABLE noted (id INT PRIMARY KEY, code VARCHAR(9) UNIQUE, v INT)',
      "INSERT INTO noted VALUES (1, 'a', 1), (2, 'b', 2), (3, 'c', 3)",
    )
    await r.replace('noted')
    await r.at('target', "ALTER TABLE noted ADD COLUMN note VARCHAR(20) NOT NULL DEFAULT 'none'", "UPDATE noted SET note = CONCAT('mine ', id)")
    await r.at(
      'source',
      'UPDATE noted SET code = NULL',
      "UPDATE noted SET code = 'b', v = 9 WHERE id = 1",
      "UPDATE noted SET code = 'a' WHERE id = 2",
      "INSERT INTO noted VALUES (4, 'd', 4)",
    )
    expect(await r.replace('noted')).toEqual({ inserted: 1, updated: 3, deleted: 0, unchanged: 0 })
    const rows = await r.server.query(`SELECT id, code, v, note FROM \`${r.database}\`.noted ORDER BY id`)
    expect(rows.map((row) => Object.values(row).join())).toEqual(['1,b,9,mine 1', '2,a,2,mine 2', '3,,3,mine 3', '4,d,4,none'])
    expect(await r.staging()).toEqual([])
  })
})

/** The numbers of rows that another client sees, again and again, while `work` is under way. */
async function poll(table: string, work: () => Promise<unknown>): Promise<number[]> {
  const seen: number[] = []
  let working = true
  const reader = await r.server.connect({ database: r.database })
  const look = async () => {
    const [rows] = await reader.query(`SELECT COUNT(*) AS n FROM \`${table}\``)
    seen.push(Number((rows as { n: unknown }[])[0]?.n))
  }
  const reading = (async () => {
    while (working) await look()
    // What is there in the end may have come after the last look.
    await look()
  })()
  try {
    await work()
  } finally {
    working = false
    await reading
    await reader.end()
  }
  expect(seen.length).toBeGreaterThan(5)
  return seen
}
