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
