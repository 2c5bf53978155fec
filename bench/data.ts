import type { TestServer } from '@dbsync/testkit'

/**
 * One table of `rows` narrow rows (about 200 bytes each), as sysbench makes them, with a second index and an indexed timestamp that
 * moves with the row. Every value follows from its number: each round has the same data.
 */
export async function makeTable(server: TestServer, database: string, rows: number): Promise<void> {
  await server.query(`CREATE DATABASE IF NOT EXISTS ${database}`)
  await server.query(`CREATE TABLE ${database}.narrow (
    id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    k INT NOT NULL,
    c CHAR(120) NOT NULL,
    pad CHAR(60) NOT NULL,
    amount DECIMAL(14,2),
    note VARCHAR(100),
    updated_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
    KEY (k), KEY (updated_at)
  )`)
  await server.query(`INSERT INTO ${database}.narrow
    SELECT seq, seq * 7919 % 1000003, REPEAT(LPAD(HEX(seq * 2654435761), 12, '0'), 10), REPEAT(LPAD(HEX(seq * 40503), 12, '0'), 5),
      seq * 37 % 1000000 / 100, IF(seq % 5 = 0, NULL, CONCAT('note ', seq)), '2026-01-01 00:00:00' + INTERVAL seq SECOND
    FROM ${database}.seq_1_to_${rows}`)
}

/** Changes every hundredth row, all over the table. */
export const changeOnePercent = (server: TestServer, database: string): Promise<unknown> =>
  server.query(`UPDATE ${database}.narrow SET k = k + 1 WHERE id % 100 = 7`)

/** `rows` rows of twenty columns of all kinds, as a table of orders has them: about 360 bytes each, with two further indexes. */
export async function makeWide(server: TestServer, database: string, rows: number): Promise<void> {
  await server.query(`CREATE DATABASE IF NOT EXISTS ${database}`)
  await server.query(`CREATE TABLE ${database}.orders (
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    customer_id INT NOT NULL, status TINYINT, qty SMALLINT UNSIGNED, score INT, price DECIMAL(12,2), tax DECIMAL(18,6), ratio DOUBLE,
    sku VARCHAR(40), name VARCHAR(120), email VARCHAR(120), country CHAR(2), notes VARCHAR(400), attrs JSON, flag BIT(1),
    kind ENUM('retail','wholesale','internal'), born DATE, created_at DATETIME(6), updated_at DATETIME(6), hash BINARY(16),
    KEY (customer_id), KEY (updated_at)
  )`)
  await server.query(`INSERT INTO ${database}.orders
    SELECT seq, seq * 7919 % 1000003, seq % 7, seq % 500, CAST(seq * 31 % 20000 AS SIGNED) - 10000, seq * 37 % 10000000 / 100, seq * 13 % 1000000 / 1000, seq * 17 % 1000 / 7,
      CONCAT('SKU-', LPAD(seq * 40503, 12, '0')), CONCAT('Zoë Müller-', seq % 10000), CONCAT('user', seq, '@example.com'), ELT(1 + seq % 5, 'DE', 'FR', 'US', 'CH', 'JP'),
      IF(seq % 7 = 0, NULL, CONCAT('Left at the door, "as agreed" with no. ', seq % 90, '; call back before noon.\\nThank you.')),
      CONCAT('{"color": "red", "size": ', seq % 50, ', "tags": ["a", "b"], "gift": ', IF(seq % 2 = 0, 'true', 'false'), '}'), seq % 2,
      1 + seq % 3, '1990-01-01' + INTERVAL seq % 9000 DAY, '2026-01-01 00:00:00.123456' + INTERVAL seq SECOND, '2026-01-01 00:00:00.654321' + INTERVAL seq SECOND, UNHEX(MD5(seq))
    FROM ${database}.seq_1_to_${rows}`)
}

/** Tables of a hundred rows each. */
export async function makeSmall(server: TestServer, database: string, tables: number): Promise<void> {
  await server.query(`CREATE DATABASE IF NOT EXISTS ${database}`)
  for (let i = 0; i < tables; i++) {
    await server.query(`CREATE TABLE ${database}.t${i} (id INT PRIMARY KEY, name VARCHAR(60), updated_at DATETIME(6), KEY (updated_at))`)
    await server.query(`INSERT INTO ${database}.t${i} SELECT seq, CONCAT('row ', seq), '2026-01-01' + INTERVAL seq SECOND FROM ${database}.seq_1_to_100`)
  }
}
