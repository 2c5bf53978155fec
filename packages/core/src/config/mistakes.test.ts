import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { failure, folder, load, PARAMS } from './load.harness.ts'

/** Milliseconds of the processor since then: other programs may have kept it meanwhile. */
function stopwatch(): () => number {
  const start = process.cpuUsage()
  return () => {
    const { user, system } = process.cpuUsage(start)
    return (user + system) / 1000
  }
}

describe('mistakes', () => {
  it('names line, column and text of broken JSON', async () => {
    const error = await failure({ 'params.json': '{\n  "db_host": "h"\n  "db_user": "u"\n}' })
    expect(error.code).toBe('CONFIG_JSON')
    expect(error.message).toContain('params.json line 3 column 3 is not valid JSON (comma expected)')
    expect(error.message).toContain('"db_user": "u"')
  })

  it.each(['{\n "db_pass": "hunter2" "x": 1}', '{"db_pass": "hunter2\n}', '{"db_pass":\n"hunter2" x}', '{"db_pass" "hunter2", "x":1}', '{db_pass: hunter2}'])(
    'shows no secret of broken JSON: %j',
    async (text) => {
      expect(JSON.stringify(Object.values(await failure({ 'params.json': text }))) + (await failure({ 'params.json': text })).message).not.toContain('hunter2')
    },
  )

  it.each([
    ['', 'CONFIG_JSON'],
    ['[]', 'CONFIG_JSON'],
    ['{"a":'.repeat(50_000), 'CONFIG_FILE_TOO_LARGE'],
    ['['.repeat(200_000), 'CONFIG_FILE_TOO_LARGE'],
    [`{"db_host": "${'x'.repeat(1_000_000)}"}`, 'CONFIG_FILE_TOO_LARGE'],
    [JSON.stringify({ ...PARAMS, table_list: '*(*(*(a))))' }), 'CONFIG_PATTERN'],
    [JSON.stringify({ ...PARAMS, table_list: '*a'.repeat(5000) }), 'CONFIG_PATTERN'],
    [JSON.stringify({ ...PARAMS, table_list: Array.from({ length: 20_000 }, () => '@(a|b)') }), 'CONFIG_PATTERN'],
    ['{"db_host": ?}'.repeat(20_000), 'CONFIG_JSON'],
    [JSON.stringify({ ...PARAMS, table_list: ','.repeat(500_000) }), 'CONFIG_PATTERN'],
    [JSON.stringify({ targets: Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`t${index}`, { type: 'mysql', port: 0 }])) }), 'CONFIG_VALUE'],
  ])('refuses hostile files within a second (case %#)', async (text, code) => {
    const busy = stopwatch()
    const error = await failure({ 'params.json': text })
    expect(error.code).toBe(code)
    expect(error.message.length).toBeLessThan(5000)
    expect(busy()).toBeLessThan(1000)
  })

  it.each([
    [
      'huge numbers',
      { 'params.json': JSON.stringify(PARAMS).replace('{', '{"db_port": 1e999, "max_connections": -1e308, "retry_delay": 99999999999999999999,') },
    ],
    [
      'names of objects',
      { 'params.json': `{"__proto__": {"db_host": "x"}, "constructor": {"prototype": {"x": 1}}, "targets": {"__proto__": {"type": "mysql"}}}` },
    ],
    ['controls in a text', { 'params.json': '{"db_host": "a\u0000\u0007\u001b[2J"}' }],
    ['keys that stand a hundred thousand times', { 'params.json': `{${'"a":1,'.repeat(70_000)}"b":1}` }],
    ['a list of open classes', { 'params.json': { ...PARAMS, table_list: Array.from({ length: 900 }, () => '['.repeat(500)) } }],
    ['a list of stars', { 'params.json': { ...PARAMS, table_list: Array.from({ length: 2000 }, (_, i) => `${'*a'.repeat(30)}b${i}`) } }],
    ['a schedule without end', { 'params.json': PARAMS, 'sync-config.json': { schedules: { x: { cron: `${'*/1,'.repeat(100_000)}1 * * * *` } } } }],
    ['a span of time without end', { 'params.json': PARAMS, 'sync-config.json': { sync_settings: { reconcile_every: `${'9'.repeat(400_000)}d` } } }],
    ['a .env of ten megabytes', { 'params.json': PARAMS, '.env': 'A=b\n'.repeat(2_500_000) }],
    ['a .env of open quotes', { 'params.json': PARAMS, '.env': `A="${"x='".repeat(100_000)}\n`.slice(0, 500_000) }],
  ])('is done with %s within a second', async (_, files) => {
    const busy = stopwatch()
    const ended = await load(files).then(
      ({ warnings }) => warnings,
      (error: unknown) => [String(error)],
    )
    expect(busy()).toBeLessThan(1000)
    expect(ended.join('\n').length).toBeLessThan(20_000)
    expect(ended.join('\n')).not.toMatch(/(?!\n)\p{Cc}/u)
    expect(Object.getPrototypeOf({})).not.toHaveProperty('db_host')
  })

  it('says what is wrong with a path', async () => {
    expect(await failure({}, { paramsPath: 'nope.json' })).toMatchObject({ code: 'CONFIG_FILE_MISSING' })
    expect(await failure({}, { configPath: '.' })).toMatchObject({ code: 'CONFIG_FILE_UNREADABLE', message: expect.stringContaining('it is a folder') })
    await writeFile(join(folder, 'params.json'), Buffer.from([0x7b, 0xff, 0x7d]))
    expect(await failure({})).toMatchObject({ code: 'CONFIG_FILE_UNREADABLE', message: expect.stringContaining('UTF-8') })
  })

  it('reports everything wrong with the values at once, each with its line', async () => {
    const params = { ...PARAMS, db_port: 70000, batch_size: -1, lookback_minutes: 1e300, db_pass: 12345, table_list: 'a,,b', db_ssl: { mode: 'maybe' } }
    const error = await failure({ 'params.json': params, 'sync-config.json': { sync_settings: { default_mode: 'incr' } } })
    expect(error.code).toBe('CONFIG_INVALID')
    for (const part of [
      '`db_port` in params.json line 12 must be a whole number from 1 to 65535, not `70000`.',
      '`batch_size` in params.json line 13 must be a whole number',
      '`lookback_minutes` in params.json line 14 must be a whole number',
      '`db_pass` in params.json line 15 must be text.',
      '`table_list` in params.json line 16 has an empty item.',
      '`db_ssl.mode` in params.json line 18 must be "disabled"',
      '`sync_settings.default_mode` in sync-config.json line 3 must be "full" or "incremental", not `"incr"`.',
    ]) {
      expect(error.message).toContain(part)
    }
    expect(error.message).not.toContain('12345')
  })

  it('warns of unknown keys with the nearest valid one', async () => {
    const { warnings, unknownKeys } = await load({
      'params.json': { ...PARAMS, batchsize: 5, db_ssl: { moode: 'x' }, sync_settings: {}, zebra: 1 },
    })
    expect(warnings).toEqual([
      'Unknown key `moode` in params.json line 14: did you mean `mode`?',
      'Unknown key `batchsize` in params.json line 12: did you mean `batch_size`?',
      'Unknown key `sync_settings` in params.json line 16: it belongs into sync-config.json.',
      'Unknown key `zebra` in params.json line 17.',
    ])
    expect(unknownKeys).toEqual(warnings)
  })

  it('warns of secrets in plain text, without showing them', async () => {
    const copy = { ...PARAMS.targets.copy, password: 'hunter2' }
    const { warnings } = await load({ 'params.json': { ...PARAMS, db_pass: 'hunter2', targets: { copy } } })
    expect(warnings).toHaveLength(2)
    expect(warnings[0]).toContain('`db_pass` in params.json line 13 stands there in plain text')
    expect(warnings[1]).toContain('`password` in params.json line 10')
    expect(warnings.join()).not.toContain('hunter2')
  })

  it('names mistyped keys with the errors that they lead to', async () => {
    const error = await failure({ 'params.json': { ...PARAMS, db_host: undefined, db_hots: 'h' } })
    expect(error.code).toBe('CONFIG_NO_SOURCE')
    expect(error.message).toContain('Unknown key `db_hots` in params.json line 11: did you mean `db_host`?')
  })

  it('tells both ways when there is nothing', async () => {
    const error = await failure({})
    expect(error.code).toBe('CONFIG_NO_SOURCE')
    expect(error.hint).toMatch(/params\.json.*\.env.*examples\/params-minimal\.json/s)
  })

  it.each([
    [{ ...PARAMS, db_list: undefined }, 'CONFIG_NO_DATABASES', 'No database is listed'],
    [{ ...PARAMS, db_list: '' }, 'CONFIG_NO_DATABASES', 'params.json line 4) is empty'],
    [{ ...PARAMS, db_list: [] }, 'CONFIG_NO_DATABASES', 'is empty'],
    [{ ...PARAMS, targets: undefined }, 'CONFIG_NO_TARGET', 'no target'],
    [{ ...PARAMS, targets: {} }, 'CONFIG_NO_TARGET', 'no target'],
    [{ ...PARAMS, db_user: undefined }, 'CONFIG_NO_SOURCE', 'user of the source'],
    [{ ...PARAMS, targets: { '': PARAMS.targets.copy } }, 'CONFIG_TARGET_NAME', '``'],
    [{ ...PARAMS, targets: { 'a/b': PARAMS.targets.copy } }, 'CONFIG_TARGET_NAME', 'a/b'],
    [{ ...PARAMS, targets: { x: {} } }, 'CONFIG_VALUE', '`targets.x.type` in params.json line 6 must be text, not nothing'],
    [{ ...PARAMS, targets: { x: { type: 'mysql', port: 0 } } }, 'CONFIG_VALUE', '`targets.x.port` in params.json line 8'],
    [{ ...PARAMS, targets: { x: { type: 'mysql' } } }, 'CONFIG_OPTION', 'the option `host` is missing'],
    [{ ...PARAMS, db_list: 'a,b', targets: { x: { ...PARAMS.targets.copy, database: 'one' } } }, 'CONFIG_TARGET_DATABASE', 'several databases into `one`'],
    [{ ...PARAMS, db_list: 'a*', targets: { x: { ...PARAMS.targets.copy, database: 'one' } } }, 'CONFIG_TARGET_DATABASE', 'several databases into `one`'],
    [{ ...PARAMS, targets: { x: { ...PARAMS.targets.copy, database: '{db}' } } }, 'CONFIG_TARGET_DATABASE', '`{db}`'],
    [{ ...PARAMS, targets: { x: { ...PARAMS.targets.copy, host: 'h' } } }, 'CONFIG_TARGET_DATABASE', 'is the source itself'],
    [{ ...PARAMS, targets: { x: PARAMS.targets.copy, y: PARAMS.targets.copy } }, 'CONFIG_TARGET_DATABASE', 'are the same database'],
    [{ ...PARAMS, bq_project: 'p', targets: { bigquery: { type: 'bigquery' } } }, 'CONFIG_TARGET_NAME', 'described twice'],
  ])('case %#', async (params, code, message) => {
    const error = await failure({ 'params.json': params })
    expect(error).toMatchObject({ code, message: expect.stringContaining(message) })
  })

  it('refuses a target name that stands twice, in one file or in two', async () => {
    const twice = JSON.stringify(PARAMS).replace('{"copy":', '{"copy":{"type":"mysql"},"copy":')
    expect(await failure({ 'params.json': twice })).toMatchObject({ code: 'CONFIG_TARGET_NAME' })
    const both = await failure({ 'params.json': PARAMS, 'sync-config.json': { targets: PARAMS.targets } })
    expect(both).toMatchObject({ code: 'CONFIG_TARGET_NAME', message: 'Target `copy` is named in params.json line 6 and in sync-config.json line 3.' })
  })

  it('allows a fixed name for one database', async () => {
    const { config } = await load({ 'params.json': { ...PARAMS, targets: { x: { ...PARAMS.targets.copy, host: 'h', database: 'one' } } } })
    expect(config.targets[0]?.database).toBe('one')
  })
})
