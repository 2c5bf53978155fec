// Makes docs/captures.md anew from the real program on private servers, seen through tmux: node --conditions=dbsync-source test/demo/captures.ts
import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startServer, type TestServer } from '@dbsync/testkit'

const ROOT = join(import.meta.dirname, '..', '..')
const PATIENCE_MS = 120_000
const ENDED = /^= \d+$/m

const SHOP = `
CREATE TABLE shop.customers (id INT PRIMARY KEY, name VARCHAR(40), updated_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, KEY (updated_at));
CREATE TABLE shop.orders (id INT PRIMARY KEY, customer_id INT, total DECIMAL(10, 2), note VARCHAR(100));
CREATE TABLE shop.order_lines (order_id INT, line INT, sku VARCHAR(20), amount INT, PRIMARY KEY (order_id, line));
CREATE TABLE shop.log_lines (at DATETIME, line VARCHAR(100));
CREATE TABLE shop.tmp_import (id INT PRIMARY KEY);
INSERT INTO shop.customers (id, name) SELECT seq, CONCAT('Customer ', seq) FROM shop.seq_1_to_20000;
INSERT INTO shop.orders SELECT seq, 1 + seq % 20000, seq / 7, REPEAT('note ', 12) FROM shop.seq_1_to_200000;
INSERT INTO shop.order_lines SELECT 1 + seq DIV 3, seq % 3, CONCAT('sku-', seq % 500), seq % 9 FROM shop.seq_1_to_600000;
INSERT INTO shop.log_lines SELECT '2026-01-01' + INTERVAL seq SECOND, CONCAT('line ', seq) FROM shop.seq_1_to_5000;
ANALYZE TABLE shop.customers, shop.orders, shop.order_lines, shop.log_lines`

const CHANGES = [
  'UPDATE shop.customers SET name = "A new name" WHERE id = 7',
  'INSERT INTO shop.log_lines VALUES ("2026-02-01", "a new line")',
  'DELETE FROM shop.orders WHERE id IN (10, 11, 12)',
]
const DAMAGE = ['UPDATE shop_copy.orders SET note = "by hand" WHERE id = 4711', 'DELETE FROM shop_copy.order_lines WHERE order_id = 9 AND line > 0']

const folder = await mkdtemp(join(tmpdir(), 'dbsync-captures-'))
const socket = `dbsync-captures-${process.pid}`
const tmux = (...args: readonly string[]): string => execFileSync('tmux', ['-L', socket, ...args], { encoding: 'utf8' })

/** Everything that was drawn since the screen was cleared. */
const drawn = (): string => tmux('capture-pane', '-pJt', 'shop', '-S', '-').replaceAll(/ +$/gm, '').trimEnd()

async function type(line: string): Promise<void> {
  tmux('send-keys', '-t', 'shop', 'clear; tmux clear-history', 'Enter')
  await sleep(1000)
  tmux('send-keys', '-t', 'shop', '-l', `${line}; echo "= $?"`)
  tmux('send-keys', '-t', 'shop', 'Enter')
}

async function until(seen: RegExp): Promise<string> {
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await sleep(50)) {
    const text = drawn()
    if (seen.test(text)) return text
  }
  throw new Error(`never drawn: ${seen}\n${drawn()}`)
}

/** Without what was typed and where this was made. */
const cleaned = (text: string): string =>
  text
    .split('\n')
    .filter((line) => !/^\$( |$)/.test(line) && !ENDED.test(line))
    .join('\n')
    .replaceAll(folder, '/srv/shop')
    .trim()

async function printed(line: string): Promise<string> {
  await type(line)
  return cleaned(await until(ENDED))
}

const from = (text: string, beginning: string): string => text.slice(text.indexOf(beginning)).trimEnd()
const block = (line: string, text: string): string => `\`\`\`text\n$ ${line}\n${text}\n\`\`\`\n`

async function captures(source: TestServer, target: TestServer): Promise<readonly string[]> {
  const init = `dbsync init --source mysql://dbsync@127.0.0.1:${source.port}/shop --source-password env:SOURCE --exclude 'tmp_*'`
  await type(`${init} --databases shop --tables '*'`)
  const tables = from(await until(/\? Where does the copy go/), '  Table ').replace(/\n\nWhere the copy goes[\s\S]*$/, '')
  tmux('send-keys', '-t', 'shop', 'C-c')
  await until(ENDED)
  await printed(`${init} --yes --target 'copy=mysql://dbsync@127.0.0.1:${target.port}/{database}_copy?password=env:TARGET'`)

  await type('dbsync run')
  const middle = cleaned(await until(/orders {2}.*copying [3-9]\d%, .* left/))
  const report = from(cleaned(await until(ENDED)), 'The incremental run')
  for (const sql of CHANGES) await source.query(sql)
  const plan = await printed('dbsync run --dry-run --table customers')
  const second = from(await printed('dbsync run'), 'The incremental run')
  for (const sql of DAMAGE) await target.query(sql)
  const verify = from(await printed('dbsync verify'), 'The verification')
  const [status, points, doctor] = [await printed('dbsync status'), await printed('dbsync rollback --list'), await printed('dbsync doctor')]
  return [
    '# What it looks like',
    'A terminal of 80 columns, as it was; only statements are one line each here. `node --conditions=dbsync-source test/demo/captures.ts` makes this page anew with the built program and tmux, on servers of its own.',
    `## The tables that init finds\n\n${block('dbsync init', tables)}`,
    `## A first run, in the middle\n\n${block('dbsync run', middle)}\nand its report:\n\n\`\`\`text\n${report}\n\`\`\`\n`,
    `## The plan of the next run\n\nSince then one customer has changed, one log line is new, and three orders are gone.\n\n${block('dbsync run --dry-run --table customers', plan)}`,
    `## That run\n\n${block('dbsync run', second)}`,
    `## A difference\n\nSomebody has changed one order of the copy by hand, and deleted two lines of another.\n\n${block('dbsync verify', verify)}`,
    `## How are things?\n\n${block('dbsync status', status)}`,
    `## The points to go back to\n\n${block('dbsync rollback --list', points)}`,
    `## The doctor\n\n${block('dbsync doctor', doctor)}`,
  ]
}

try {
  await using source = await startServer()
  await using target = await startServer()
  await source.query('CREATE DATABASE shop')
  for (const sql of SHOP.split(';\n')) await source.query(sql)
  await source.query("CREATE USER dbsync@'%' IDENTIFIED BY 's'")
  await source.query("GRANT SELECT ON shop.* TO dbsync@'%'")
  await target.query("CREATE USER dbsync@'%' IDENTIFIED BY 't'")
  await target.query("GRANT ALL ON `shop\\_copy`.* TO dbsync@'%'")
  await mkdir(join(folder, 'bin'))
  await symlink(join(ROOT, 'packages', 'cli', 'bin', 'run.js'), join(folder, 'bin', 'dbsync'))
  await writeFile(join(folder, '.env'), 'SOURCE=s\nTARGET=t\n', { mode: 0o600 })
  const path = [join(folder, 'bin'), dirname(process.execPath), process.env.PATH].join(delimiter)
  tmux('-f', '/dev/null', 'new-session', '-d', '-s', 'shop', '-x', '80', '-y', '40', '-c', folder, `env PS1='$ ' HOME=${folder} PATH='${path}' bash --norc`)
  using _terminal = { [Symbol.dispose]: () => void tmux('kill-server') }
  await writeFile(join(ROOT, 'docs', 'captures.md'), `${(await captures(source, target)).join('\n\n').replaceAll(/\n{3,}/g, '\n\n')}`)
} finally {
  await rm(folder, { recursive: true, force: true })
}
