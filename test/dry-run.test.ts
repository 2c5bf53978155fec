import { expect, test } from 'vitest'
import { said as whatItSaid } from './dbsync.ts'
import { type Project, project } from './project.ts'
import { load, SAKILA, SAKILA_CHANGES } from './samples.ts'
import { ownTarget } from './servers-of-their-own.ts'

const server = ownTarget({ generalLog: true })

test('a dry run prints what the run then executes, and writes nothing', async () => {
  await using work = await project({ servers: await server.pair() })
  await load(work.source, SAKILA)
  await work.at.query('CREATE TABLE keyless (a INT, b VARCHAR(10))')
  await work.at.query("INSERT INTO keyless VALUES (1, 'x'), (1, 'x'), (2, NULL)")

  await expectSameStatements(work)
  await work.same()

  for (const change of SAKILA_CHANGES) await work.at.query(change)
  await work.at.query('DELETE FROM keyless WHERE a = 2')
  await work.at.query("INSERT INTO keyless VALUES (1, 'x')")
  await work.at.query('ALTER TABLE category ADD COLUMN note VARCHAR(20) NULL AFTER name')
  await work.at.query('CREATE TABLE added (id INT PRIMARY KEY)')
  await work.at.query("ALTER TABLE language MODIFY name CHAR(20) NOT NULL DEFAULT 'none' COMMENT 'c', ADD KEY by_name (name), COMMENT 'x'")
  await work.at.query('ALTER TABLE film_actor DROP FOREIGN KEY fk_film_actor_film')
  await work.at.query('ALTER TABLE film_actor ADD CONSTRAINT fk_film_actor_film FOREIGN KEY (film_id) REFERENCES film (film_id) ON DELETE CASCADE')
  // Rows that are gone again have moved the counter.
  await work.at.query("INSERT INTO actor (first_name, last_name) VALUES ('one', 'stays'), ('one', 'goes')")
  await work.at.query("DELETE FROM actor WHERE last_name = 'goes'")
  await expectSameStatements(work)
  await work.same()

  await expectSameStatements(work)
  await expectSameStatements(work, '--full')
})

test('a dry run for people says that nothing was written and what is not copied', async () => {
  await using work = await project({ servers: await server.pair() })
  await load(work.source, SAKILA)
  const position = await server.binlogPosition()
  const outcome = await work.dbsync('run', '--dry-run')
  expect(outcome.code, whatItSaid(outcome)).toBe(0)
  expect(outcome.stdout).toMatch(/nothing was written/i)
  expect(outcome.stdout).toContain('customer_list')
  expect(outcome.stdout).toContain('CREATE DATABASE')
  expect(await server.binlogPosition()).toBe(position)
  expect(await server.binlogPosition()).toBe(position)
})

async function expectSameStatements(work: Project, ...args: readonly string[]): Promise<void> {
  const before = await server.binlogPosition()
  const dry = await work.dbsync('run', '--dry-run', '--json', ...args)
  expect(dry.code, whatItSaid(dry)).toBe(0)
  expect(await server.binlogPosition()).toBe(before)
  const printed = (dry.json as { readonly statements: readonly string[] }).statements

  await work.target.server.query('TRUNCATE mysql.general_log')
  await work.sync(...args)
  const executed = await work.target.server.query(
    "SELECT CONVERT(argument USING utf8mb4) AS statement FROM mysql.general_log WHERE user_host LIKE ? AND command_type IN ('Query', 'Execute', 'Prepare')",
    [`${work.targetUser}%`],
  )
  const [said, done] = [written(printed), written(executed.map(({ statement }) => String(statement)))]
  expect(without(said, done), 'printed, not executed').toBe('')
  expect(without(done, said), 'executed, not printed').toBe('')
}

/** Tables are written side by side, so the order is not the same, and a load may take several rounds. */
const written = (statements: readonly string[]): ReadonlySet<string> =>
  new Set(statements.map((statement) => statement.trim().replace(/;$/, '')).filter((statement) => !READS.test(statement)))

const READS = /^(SELECT|SHOW|SET|USE|DO|START|BEGIN|COMMIT|ROLLBACK|KILL|SAVEPOINT|RELEASE|EXPLAIN|WITH)\b/i

const without = (all: ReadonlySet<string>, some: ReadonlySet<string>): string => [...all].filter((statement) => !some.has(statement)).join('\n')
