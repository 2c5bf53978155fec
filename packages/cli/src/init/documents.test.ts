import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig, peekConfig } from '@dbsync/core'
import { expect, test } from 'vitest'
import type { Answers } from './answers.ts'
import { type Drafts, documents } from './documents.ts'

const ANSWERS: Answers = {
  host: 'db.example.com',
  port: 3307,
  user: 'dbsync',
  password: { kind: 'env-file', value: `it's "so" #secret` },
  tls: 'required',
  databases: ['shop'],
  tables: [],
  exclude: ['tmp_*'],
  targets: [
    {
      name: 'copy',
      type: 'mysql',
      database: '{database}_copy',
      options: { host: '127.0.0.1', port: 3306, user: 'w' },
      secrets: new Map([['password', { kind: 'reference', reference: 'file:secret' } as const]]),
    },
  ],
  lookback: 15,
  reconcile: '7d',
  backup: true,
  verify: false,
  schedules: ['hourly', '*/5 * * * *'],
}

type Files = { readonly params?: string; readonly sync?: string; readonly env?: string }

/** The documents over a folder with these files, and what a run would make of them. */
async function drafted(answers: Answers, files: Files = {}, env: NodeJS.ProcessEnv = {}) {
  const cwd = await mkdtemp(join(tmpdir(), 'dbsync-documents-'))
  try {
    for (const [name, text] of Object.entries({ 'params.json': files.params, 'sync-config.json': files.sync, '.env': files.env }))
      if (text !== undefined) await writeFile(join(cwd, name), text)
    const existing = await peekConfig({ cwd, env, flags: {} })
    const present = { params: files.params, sync: files.sync, env: files.env, ...existing, schemas: { params: 'p', sync: 's' }, jobName: 'sync' }
    const drafts: Drafts = documents(answers, present)
    const unwritten = { params: drafts.params, config: drafts.sync ?? '{}', env: drafts.env ?? '' }
    const loaded = await loadConfig({ cwd, env, flags: {}, unwritten })
    return { drafts, config: loaded.config, warnings: loaded.warnings, resolve: () => loaded.resolve({ signal: new AbortController().signal }) }
  } finally {
    await rm(cwd, { recursive: true })
  }
}

test('answers become two files and a .env that mean what was answered', async () => {
  const { drafts, config, warnings } = await drafted(ANSWERS)
  expect(warnings).toEqual([])
  expect(drafts.params).not.toContain('#secret')
  expect(drafts.env).toContain('SOURCE_PASSWORD=')
  expect(JSON.parse(drafts.params)).toMatchObject({ $schema: 'p', db_pass: 'env:SOURCE_PASSWORD' })
  expect(config).toMatchObject({
    source: { options: { host: 'db.example.com', port: 3307, user: 'dbsync', ssl: { mode: 'required' } } },
    targets: [{ name: 'copy', database: '{database}_copy', options: { host: '127.0.0.1', user: 'w' } }],
    databases: ['shop'],
    excludeTables: ['tmp_*'],
    lookbackMinutes: 15,
    reconcileEveryMs: 7 * 86_400_000,
    backupBeforeSync: true,
    verifyAfterSync: false,
    schedules: [{ name: 'hourly' }, { name: 'sync', cron: '*/5 * * * *' }],
  })
})

test('a secret that goes into .env comes back as it was', async () => {
  const { targets, ...rest } = ANSWERS
  const { resolve } = await drafted({ ...rest, targets: targets.map((target) => ({ ...target, secrets: new Map() })) })
  expect((await resolve()).source.options.password).toBe(`it's "so" #secret`)
})

test('names that are hostile stay what they are', async () => {
  const evil = ['a`b', '../x', '__proto__', 'a,b', 'x"; DROP', '\\*', '😀\n']
  const { config } = await drafted({ ...ANSWERS, databases: evil, tables: ['constructor.__proto__'] })
  expect(config.databases).toEqual(evil)
  expect(config.tables).toEqual(['constructor.__proto__'])
})

const OLD_PARAMS = `// our file
{
  "db_host": "old.example.com", // moved soon
  "db_user": "dbsync",
  "db_pass": "plain-old",
  "db_list": "shop, crm",
  "custom": {"kept": true},
  "targets": {"copy": {"type": "mysql", "host": "a", "user": "b"}}
}
`

test('what an old file has besides stays: comments, unknown keys, other targets, the order', async () => {
  const [first] = ANSWERS.targets
  if (first === undefined) throw new Error('no target')
  const answers = { ...ANSWERS, password: { kind: 'reference', reference: 'plain-old' } as const, targets: [{ ...first, name: 'second' }] }
  const { drafts, config, warnings } = await drafted(answers, { params: OLD_PARAMS, sync: '{"sync_settings": {"default_mode": "full"}}' })
  expect(drafts.params).toContain('// our file\n')
  expect(drafts.params).toContain('"db_host": "db.example.com", // moved soon')
  expect(drafts.params).toContain('"custom": {"kept": true}')
  expect(config).toMatchObject({ mode: 'full', databases: ['shop'], targets: [{ name: 'copy', options: { host: 'a', user: 'b' } }, { name: 'second' }] })
  expect(warnings.join()).toContain('custom')
})

test('the same answers again change nothing', async () => {
  const { drafts: first } = await drafted(ANSWERS)
  const again = { ...ANSWERS, password: { kind: 'reference', reference: 'env:SOURCE_PASSWORD' } as const, targets: [], schedules: [] }
  const { drafts } = await drafted(again, { params: first.params, sync: first.sync ?? '', env: first.env ?? '' })
  expect(drafts).toEqual({ ...first, overruled: [] })
})

test('settings that stand in .env change there, and nothing else of it does', async () => {
  const env = '# ours\nDB_HOST=old\nexport DB_NAME="shop"\nDB_USER=dbsync\nOTHER="two\nlines"\nDB_PASSWORD=pw\n'
  const answers = { ...ANSWERS, password: { kind: 'reference', reference: 'pw' } as const }
  const { drafts, config } = await drafted(answers, { env })
  expect(drafts.env).toBe(env.replace('DB_HOST=old', 'DB_HOST=db.example.com'))
  expect(JSON.parse(drafts.params)).not.toHaveProperty('db_host')
  expect(config.source.options).toMatchObject({ host: 'db.example.com', user: 'dbsync' })
  expect(config.databases).toEqual(['shop'])
})

test('a variable that is something else already keeps its value', async () => {
  const { drafts, config } = await drafted(ANSWERS, { env: 'SOURCE_PASSWORD=of-another-program\n' }, { SOURCE_PASSWORD_2: 'x' })
  expect(drafts.env).toContain('SOURCE_PASSWORD=of-another-program\n')
  expect(config.source.options.password).toBe('env:SOURCE_PASSWORD_3')
})

test('what the environment overrules is told', async () => {
  const { drafts } = await drafted(ANSWERS, {}, { DB_HOST: 'other' })
  expect(drafts.overruled).toEqual(['DB_HOST'])
})

test('a target that BACKUP_DB_ variables describe changes where they stand', async () => {
  const env = 'BACKUP_DB_HOST=old\nBACKUP_DB_USER=w\nBACKUP_DB_PASSWORD=pw\n'
  const secrets = new Map([['password', { kind: 'reference', reference: 'pw' } as const]])
  const backup = { name: 'backup', type: 'mysql', database: 'shop_copy', options: { host: 'new', port: 3306, user: 'w' }, secrets }
  const { drafts, config } = await drafted({ ...ANSWERS, targets: [backup] }, { env })
  expect(drafts.env).toContain('BACKUP_DB_HOST=new\nBACKUP_DB_USER=w\nBACKUP_DB_PASSWORD=pw\n')
  expect(drafts.env).toContain('\nBACKUP_DB_NAME=shop_copy\n')
  expect(JSON.parse(drafts.params)).not.toHaveProperty('targets')
  expect(config.targets).toMatchObject([{ name: 'backup', database: 'shop_copy', options: { host: 'new', user: 'w', password: 'pw' } }])
})
