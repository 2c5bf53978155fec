import { type DatabaseOf, quote, type ServerClient } from '@dbsync/testkit'
import { expect, test } from 'vitest'
import { type Outcome, said } from './dbsync.ts'
import { type Project, type ProjectOptions, project } from './project.ts'
import { load, SAKILA, SAKILA_CHANGES } from './samples.ts'
import { ownTarget } from './servers-of-their-own.ts'

// With a binary log on, the server lets users without SUPER make functions and triggers only then.
const target = ownTarget({ generalLog: true, settings: { log_bin_trust_function_creators: '1' } })

/** Names of tables and views are kept in small letters. */
const small = ownTarget({ settings: { log_bin_trust_function_creators: '1', lower_case_table_names: '1' } })

const KINDS = ['views', 'triggers', 'routines', 'events']
/** What other tests look at is left out. */
const CONFIG = { objects: KINDS, sync_settings: { backup_before_sync: false, verify_after_sync: false } }
const RIGHTS = 'SELECT, SHOW VIEW, TRIGGER, EVENT, EXECUTE'

/** A project whose source user may see everything, under a database name of its own at the target. */
async function withObjects(options: ProjectOptions = {}): Promise<Project> {
  const work = await project({ servers: await target.pair(), sourceRights: RIGHTS, config: CONFIG, ...options })
  if (options.sourceRights === undefined) await work.source.server.query(`GRANT SELECT ON mysql.proc TO ${work.sourceUser}@'%'`)
  return work
}

type ObjectsReport = {
  readonly unchanged: number
  readonly changes: readonly { readonly type: string; readonly name: string; readonly outcome: string; readonly error?: { code: string; hint?: string } }[]
}
type Said = {
  readonly status: string
  readonly report: { readonly objects: ObjectsReport; readonly tables: readonly { id: string; outcome: string; error?: { code: string } }[] }
  readonly warnings: readonly string[]
  readonly notCopied: Readonly<Record<string, object>>
}

async function run(work: Project, code: number, ...args: readonly string[]): Promise<Said> {
  const outcome = await work.dbsync('run', '--json', ...args)
  expect(outcome.code, failures(outcome)).toBe(code)
  return outcome.json as Said
}

/** What went wrong, without all that went well. */
function failures(outcome: Outcome): string {
  const { report } = outcome.json as Partial<Said>
  if (report === undefined) return said(outcome)
  return [...report.tables, ...report.objects.changes].flatMap((one) => (one.error === undefined ? [] : [JSON.stringify(one)])).join('\n')
}

const done = (said: Said): readonly string[] => said.report.objects.changes.map(({ outcome, type, name }) => `${outcome} ${type} ${name}`).sort()

/** Every object as the server describes it, without its definer and under one name for the database. */
async function objectsOf({ server, database }: DatabaseOf, names = [database]): Promise<Readonly<Record<string, string>>> {
  const found: [string, string][] = []
  const describe = async (sql: string, type: string, column: string) => {
    for (const row of await server.query(sql, [database])) {
      const name = String(row['name'])
      const [shown = {}] = await server.query(`SHOW CREATE ${type} ${quote(database)}.${quote(name)}`)
      const { Created: _, ...facts } = shown
      const text = String(facts[column])
      // Of a trigger's text the head keeps the spelling of whoever made it.
      const own = type === 'TRIGGER' ? `${String(row['head'])} ${text.replace(/^[\s\S]*?FOR EACH ROW/i, '')}` : text
      const plain = { ...facts, [column]: own.replace(/DEFINER=\S+@\S+ /, '').replace(/ (ENABLE|DISABLE)(?= (COMMENT|DO))/, '') }
      found.push([`${type} ${name}`, names.reduce((text, known) => text.replaceAll(quote(known), '`db`'), Object.values(plain).join('\n'))])
    }
  }
  await describe("SELECT table_name AS name FROM information_schema.tables WHERE table_schema = ? AND table_type = 'VIEW'", 'VIEW', 'Create View')
  for (const [type, column] of [
    ['PROCEDURE', 'Create Procedure'],
    ['FUNCTION', 'Create Function'],
  ] as const) {
    await describe(`SELECT routine_name AS name FROM information_schema.routines WHERE routine_schema = ? AND routine_type = '${type}'`, type, column)
  }
  const head = "CONCAT_WS(' ', action_timing, event_manipulation, event_object_table, action_order)"
  await describe(`SELECT trigger_name AS name, ${head} AS head FROM information_schema.triggers WHERE trigger_schema = ?`, 'TRIGGER', 'SQL Original Statement')
  await describe('SELECT event_name AS name FROM information_schema.events WHERE event_schema = ?', 'EVENT', 'Create Event')
  return Object.fromEntries(found)
}

async function expectSameObjects(work: Project, but?: RegExp): Promise<void> {
  const names = [work.source.database, work.target.database]
  const described = async (of: DatabaseOf) => Object.entries(await objectsOf(of, names)).filter(([name]) => but?.test(name) !== true)
  expect(Object.fromEntries(await described(work.target))).toEqual(Object.fromEntries(await described(work.source)))
}

/** The rows of a question that both ends answer alike. */
async function inBoth(work: Project, question: string): Promise<unknown> {
  const answers: unknown[] = []
  for (const { server, database } of [work.source, work.target]) {
    const connection = await server.connect({ database })
    answers.push((await connection.query(question))[0])
    await connection.end()
  }
  expect(answers[1]).toEqual(answers[0])
  return answers[0]
}

/** Statements as the client of that name and character set sends them; each one whole. */
async function sql(work: Project, ...statements: readonly string[]): Promise<void> {
  for (const statement of statements) await work.at.query(statement)
}

test('Sakila: its views, triggers and routines, copied, changed, added, dropped, and left alone when nothing changed', async () => {
  await using work = await withObjects()
  await load(work.source, SAKILA)
  await sql(
    work,
    "SET time_zone = 'SYSTEM'",
    "CREATE DEFINER = nobody@nowhere EVENT nightly ON SCHEDULE EVERY 1 DAY COMMENT 'DO it, ENABLE it' DO DELETE FROM film_text WHERE film_id = 0",
  )
  const first = await run(work, 0)
  expect(first.report.objects.unchanged).toBe(0)
  expect(done(first)).toHaveLength(7 + 6 + 3 + 3 + 1)
  expect(first.warnings.join('\n')).toMatch(/own user becomes the definer.*nobody@nowhere/)
  expect(first.warnings.join('\n')).toMatch(/made disabled.*nightly/)
  expect(Object.values(first.notCopied)).toEqual([{ sequences: [] }])
  await expectSameObjects(work)
  expect(await work.target.server.query('SELECT status FROM information_schema.events WHERE event_schema = ?', [work.target.database])).toEqual([
    { status: 'DISABLED' },
  ])

  for (const change of SAKILA_CHANGES) await work.at.query(change)
  await sql(
    work,
    'CREATE OR REPLACE VIEW staff_list AS SELECT staff_id AS id FROM staff WHERE inventory_in_stock(1)',
    'CREATE VIEW a_first AS SELECT * FROM staff_list',
    'DROP VIEW actor_info',
    'DROP FUNCTION get_customer_balance',
    'CREATE TRIGGER second_ins_film AFTER INSERT ON film FOR EACH ROW FOLLOWS ins_film SET @seen = NEW.film_id',
    'DROP TRIGGER del_film',
    'ALTER EVENT nightly ON SCHEDULE EVERY 2 DAY',
  )
  // What is gone at the source is kept, and a trigger of that kind keeps its table from being written.
  const kept = await run(work, 1)
  expect(kept.report.tables.filter(({ outcome }) => outcome === 'refused')).toMatchObject([
    { id: expect.stringMatching(/\.film$/), error: { code: 'MYSQL_TARGET_TRIGGERS' } },
  ])
  expect(done(kept)).toEqual(['created trigger second_ins_film', 'created view a_first', 'replaced event nightly', 'replaced view staff_list'])
  const second = await run(work, 0, '--allow', 'destructive')
  expect(done(second)).toEqual(['dropped function get_customer_balance', 'dropped trigger del_film', 'dropped view actor_info'])
  await expectSameObjects(work)
  await work.same()

  const position = await target.binlogPosition()
  expect(await run(work, 0)).toMatchObject({ report: { objects: { unchanged: 19, changes: [] } } })
  expect(await target.binlogPosition()).toBe(position)
})

test('triggers of the copy do not fire while its rows are written, and come back in their order, also after a kill', async () => {
  await using work = await withObjects()
  await sql(
    work,
    'CREATE TABLE audit (id INT AUTO_INCREMENT PRIMARY KEY, what VARCHAR(40))',
    'CREATE TABLE watched (id INT PRIMARY KEY, text VARCHAR(20))',
    'CREATE TABLE parent (id INT PRIMARY KEY, child INT, FOREIGN KEY (child) REFERENCES watched (id))',
    "INSERT INTO watched VALUES (1, 'a'), (2, 'b')",
    "CREATE TRIGGER z_one AFTER INSERT ON watched FOR EACH ROW INSERT INTO audit (what) VALUES (CONCAT('one ', NEW.id))",
    "CREATE TRIGGER a_two AFTER INSERT ON watched FOR EACH ROW INSERT INTO audit (what) VALUES (CONCAT('two ', NEW.id))",
    "CREATE TRIGGER gone AFTER DELETE ON watched FOR EACH ROW INSERT INTO audit (what) VALUES (CONCAT('gone ', OLD.id))",
    "CREATE TRIGGER refused BEFORE INSERT ON parent FOR EACH ROW SIGNAL SQLSTATE '45000'",
  )
  await run(work, 0)
  await expectSameObjects(work)
  await sql(work, "INSERT INTO watched VALUES (3, 'c')", 'DELETE FROM watched WHERE id = 1', "UPDATE watched SET text = 'B' WHERE id = 2")
  expect(done(await run(work, 0))).toEqual([])
  await work.same()
  await expectSameObjects(work)
  await run(work, 0, '--full')
  await work.same()
  await expectSameObjects(work)

  // As a kill between the two leaves them; the second one of a moment must not come back before the first.
  const at = quote(work.target.database)
  await work.target.server.query(`DROP TRIGGER ${at}.z_one`)
  await work.target.server.query(`DROP TRIGGER ${at}.refused`)
  await work.target.server.query(`CREATE TRIGGER ${at}.theirs BEFORE INSERT ON ${at}.audit FOR EACH ROW SET NEW.what = 'x'`)
  await sql(work, "INSERT INTO audit (what) VALUES ('more')")
  const refused = await run(work, 1)
  expect(done(refused)).toEqual(['created trigger refused', 'created trigger z_one', 'replaced trigger a_two'])
  await expectSameObjects(work, /theirs/)
  expect(refused.report.tables.find(({ id }) => id.endsWith('.audit'))).toMatchObject({ outcome: 'refused', error: { code: 'MYSQL_TARGET_TRIGGERS' } })
})

test('a dry run prints what is then executed, triggers and objects included', async () => {
  await using work = await withObjects()
  await sql(
    work,
    'CREATE TABLE t (id INT PRIMARY KEY)',
    'INSERT INTO t VALUES (1)',
    'CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET @a = 1',
    'CREATE VIEW v AS SELECT id FROM t',
    'CREATE PROCEDURE p() SELECT * FROM t',
  )
  await expectSameStatements(work)
  await sql(work, 'INSERT INTO t VALUES (2)', 'CREATE OR REPLACE VIEW v AS SELECT id + 1 AS id FROM t', 'DROP PROCEDURE p')
  await expectSameStatements(work, '--allow', 'destructive')
})

test('with SELECT alone nothing is dropped, and the report names the rights that are missing', async () => {
  await using work = await withObjects()
  await sql(
    work,
    'CREATE TABLE t (id INT PRIMARY KEY)',
    'INSERT INTO t VALUES (1)',
    'CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET @a = 1',
    'CREATE VIEW v AS SELECT id FROM t',
    'CREATE PROCEDURE p() SELECT * FROM t',
    'CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DELETE FROM t',
  )
  await run(work, 0)
  const { server } = work.source
  await server.query(`REVOKE ALL, GRANT OPTION FROM ${work.sourceUser}@'%'`)
  await server.query(`GRANT SELECT ON ${quote(work.database)}.* TO ${work.sourceUser}@'%'`)
  await sql(work, 'INSERT INTO t VALUES (2)')
  const blind = await run(work, 0, '--allow', 'destructive')
  expect(blind.report.objects.changes).toEqual([])
  const warnings = blind.warnings.join('\n')
  for (const grant of ['GRANT TRIGGER ON', 'GRANT EVENT ON', 'GRANT SELECT ON mysql.proc TO', 'GRANT SELECT, SHOW VIEW ON']) expect(warnings).toContain(grant)
  expect(Object.keys(await objectsOf(work.target))).toHaveLength(4)
  await work.same()
})

test('definitions that name their database, other databases, odd names and other clients', async () => {
  await using work = await withObjects({ suffix: "`a'b shop" })
  const db = quote(work.database)
  const odd = quote('o`d"d\nö')
  await sql(
    work,
    'ALTER DATABASE COLLATE latin1_bin',
    `CREATE TABLE ${odd} (id INT PRIMARY KEY, shop INT) CHARSET utf8mb4`,
    `CREATE TABLE ${db} (id INT PRIMARY KEY)`,
    `INSERT INTO ${odd} VALUES (1, 2)`,
    `CREATE VIEW same_alias AS SELECT ${db}.id, (SELECT MAX(${db}.${db}.id) FROM ${db}.${db}) AS m FROM ${db}.${odd} ${db} JOIN ${db}.${db} b ON b.id = ${db}.id`,
    `CREATE VIEW ${quote('`v`')} AS SELECT 'it is ${work.database.replaceAll("'", "''")}.' AS text, id FROM same_alias`,
    'CREATE VIEW a_before AS SELECT text FROM ```v```',
    `CREATE FUNCTION f(x VARCHAR(10)) RETURNS VARCHAR(60) DETERMINISTIC RETURN CONCAT(x, (SELECT COUNT(*) FROM ${db} . /* ${db}.x */ ${odd}), "${work.database}")`,
    `CREATE VIEW uses AS SELECT f(id) AS f, ${db}.f(id) AS g FROM ${db}.${odd}`,
    `CREATE PROCEDURE ${quote('p`')}(OUT ${quote('x y')} INT) COMMENT 'p' BEGIN SELECT id INTO ${quote('x y')} FROM mysql.proc, ${db}.${odd} LIMIT 1; UPDATE other.t, ${db}.${odd} SET shop = 1; END`,
    `CREATE TRIGGER ${db}.${quote('t`r')} AFTER INSERT ON ${db}.${odd} FOR EACH ROW BEGIN SET @a = 'x'; DELETE FROM ${db}.${db}; END`,
    "SET sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT', time_zone = '+03:00'",
    `CREATE PROCEDURE "ansi"(x INT) SELECT "id" || 'x' FROM ${db}."o\`d""d\nö"`,
    'CREATE EVENT "e" ON SCHEDULE AT \'2037-01-02 03:04:05\' ON COMPLETION PRESERVE DISABLE DO SELECT 1',
    "SET sql_mode = DEFAULT, time_zone = '+01:00'",
    'SET character_set_client = latin1, collation_connection = latin1_german1_ci',
    "CREATE VIEW latin AS SELECT 'x' AS x, 1 AS y",
    "CREATE PROCEDURE latin() SELECT 'x'",
    'SET NAMES utf8mb4',
  )
  // Clients of another character set: the text is sent in ours, and means the same.
  const latin = await work.source.server.connect({ database: work.database, charset: 'LATIN1_GERMAN1_CI' })
  await latin.query("CREATE VIEW umlaut AS SELECT 'ä' AS x, CHARSET('ä') AS charset, COLLATION('ä') AS collation")
  await latin.query("CREATE FUNCTION umlaut(x VARCHAR(9)) RETURNS VARCHAR(99) DETERMINISTIC RETURN CONCAT(x, 'ä', CHARSET('ä'), HEX('ä'))")
  await latin.end()
  const first = await run(work, 0)
  expect(first.warnings.join('\n')).toContain('names the database other')
  expect(first.warnings.join('\n')).toMatch(/view .*: a text in it names the database/)
  expect(await inBoth(work, 'SELECT * FROM umlaut')).toEqual([{ x: 'ä', charset: 'latin1', collation: 'latin1_german1_ci' }])
  expect(await inBoth(work, "SELECT umlaut('ö') AS x")).toEqual([{ x: 'öälatin1E4' }])
  await expectSameObjects(work, /umlaut/)
  const copy = quote(work.target.database)
  const [trigger = {}] = await work.target.server.query(`SHOW CREATE TRIGGER ${copy}.${quote('t`r')}`)
  expect(String(trigger['SQL Original Statement'])).toContain(`DELETE FROM ${copy}.${db};`)
  const [made = {}] = await work.target.server.query(`SHOW CREATE FUNCTION ${copy}.f`)
  expect(String(made['Create Function'])).toContain(`FROM ${copy} . /* ${db}.x */ ${odd}), "${work.database}")`)
  const position = await target.binlogPosition()
  expect((await run(work, 0)).report.objects.changes).toEqual([])
  expect(await target.binlogPosition()).toBe(position)
  const rows = await work.target.server.query(`SELECT * FROM ${quote(work.target.database)}.uses`)
  expect(rows).toEqual([{ f: `11${work.database}`, g: `11${work.database}` }])
})

test('what cannot be copied is named, alone, and does not keep the rest', async () => {
  await using work = await withObjects()
  await work.write('sync-config.json', { ...CONFIG, table_settings: { exclude_tables: ['secret'] } })
  await sql(
    work,
    'CREATE TABLE t (id INT PRIMARY KEY)',
    'CREATE TABLE secret (id INT PRIMARY KEY)',
    'CREATE TABLE away (id INT PRIMARY KEY)',
    'CREATE VIEW broken AS SELECT id FROM away',
    'DROP TABLE away',
    'CREATE VIEW of_secret AS SELECT id FROM secret',
    'CREATE VIEW on_that AS SELECT id FROM of_secret',
    'CREATE TRIGGER on_secret BEFORE INSERT ON secret FOR EACH ROW SET @a = 1',
    'CREATE VIEW clash AS SELECT id FROM t',
    'CREATE VIEW good AS SELECT id FROM t',
  )
  const at = quote(work.target.database)
  await work.target.server.query(`CREATE DATABASE ${at}`)
  await work.target.server.query(`CREATE TABLE ${at}.clash (id INT)`)
  const first = await run(work, 1)
  expect(done(first)).toEqual(['created view good', 'refused view clash'])
  expect(first.report.objects.changes.find(({ name }) => name === 'clash')?.error).toMatchObject({ code: 'OBJECT_CLASH' })
  const warnings = first.warnings.join('\n')
  expect(warnings).toMatch(/view broken is not copied: it is broken/)
  expect(warnings).toMatch(/of_secret is not copied: it needs secret/)
  expect(warnings).toMatch(/on_that is not copied: it needs of_secret/)

  // A view at the source becomes a table.
  await work.target.server.query(`DROP TABLE ${at}.clash`)
  await sql(work, 'DROP VIEW good', 'CREATE TABLE good (id INT PRIMARY KEY)')
  // A server that lets nobody but SUPER make triggers.
  await sql(work, 'CREATE TRIGGER late BEFORE INSERT ON t FOR EACH ROW SET @a = 1', 'CREATE VIEW late_too AS SELECT id FROM t')
  await withoutTrust(work.target.server, async () => {
    const failed = await run(work, 1)
    expect(failed.report.tables.find(({ id }) => id.endsWith('.good'))).toMatchObject({ outcome: 'refused', error: { code: 'OBJECT_CLASH' } })
    expect(failed.report.objects.changes).toMatchObject([
      { name: 'clash', outcome: 'created' },
      { name: 'late_too', outcome: 'created' },
      { name: 'late', outcome: 'failed', error: { hint: expect.stringContaining('log_bin_trust_function_creators') } },
    ])
  })
  expect(done(await run(work, 0, '--allow', 'destructive'))).toEqual(['created trigger late', 'dropped view good'])
  await work.same({ tables: ['t', 'good'] })
})

test('a server that prints a definition otherwise than it was given: it is not made again', async () => {
  await using work = await withObjects({ servers: await small.pair() })
  await sql(
    work,
    'CREATE TABLE Big (Id INT PRIMARY KEY)',
    'CREATE VIEW Upper AS SELECT Big.Id FROM Big',
    'CREATE VIEW A_first AS SELECT Id FROM Upper',
    'CREATE TRIGGER Tr BEFORE INSERT ON Big FOR EACH ROW SET @a = 1',
  )
  expect(done(await run(work, 0))).toEqual(['created trigger Tr', 'created view a_first', 'created view upper'])
  const position = await small.binlogPosition()
  const quiet = await run(work, 0, '--allow', 'destructive')
  expect(quiet.report.objects).toEqual({ unchanged: 3, changes: [] })
  expect(await small.binlogPosition()).toBe(position)

  await sql(work, 'CREATE OR REPLACE VIEW Upper AS SELECT Big.Id + 1 AS Id FROM Big', 'INSERT INTO Big VALUES (1)')
  const at = quote(work.target.database.toLowerCase())
  await work.target.server.query(`CREATE OR REPLACE VIEW ${at}.a_first AS SELECT 1 AS one`)
  expect(done(await run(work, 0))).toEqual(['replaced view a_first', 'replaced view upper'])
  expect(await work.target.server.query(`SELECT * FROM ${at}.a_first`)).toEqual([{ Id: '2' }])
})

/** Without the trust that lets users without SUPER make triggers. */
async function withoutTrust(server: ServerClient, use: () => Promise<void>): Promise<void> {
  await server.query('SET GLOBAL log_bin_trust_function_creators = 0')
  try {
    await use()
  } finally {
    await server.query('SET GLOBAL log_bin_trust_function_creators = 1')
  }
}

async function expectSameStatements(work: Project, ...args: readonly string[]): Promise<void> {
  const before = await target.binlogPosition()
  const dry = await work.dbsync('run', '--dry-run', '--json', ...args)
  expect(dry.code, said(dry)).toBe(0)
  expect(await target.binlogPosition()).toBe(before)
  const printed = (dry.json as { readonly statements: readonly string[] }).statements
  await work.target.server.query('TRUNCATE mysql.general_log')
  await run(work, 0, ...args)
  const executed = await work.target.server.query(
    "SELECT CONVERT(argument USING utf8mb4) AS statement FROM mysql.general_log WHERE user_host LIKE ? AND command_type IN ('Query', 'Execute')",
    [`${work.targetUser}%`],
  )
  expect(changing(executed.map(({ statement }) => String(statement)))).toEqual(changing(printed))
}

const READS = /^(SELECT|SHOW|SET|USE|DO|START|BEGIN|COMMIT|ROLLBACK|KILL|SAVEPOINT|RELEASE|EXPLAIN|WITH)\b/i
const changing = (statements: readonly string[]): readonly string[] => [...new Set(statements.filter((statement) => !READS.test(statement)))].sort()
