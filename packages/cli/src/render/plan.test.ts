import { expect, test } from 'vitest'
import { dryRunText } from './plan.ts'
import { idOf, NOW, plan, tablePlan } from './testing.ts'

test('what would be done, why, with which statements, and what is left out', () => {
  const tables = [
    tablePlan('users'),
    tablePlan('log', {
      strategy: { kind: 'time', columns: ['updated_at'], since: { updated_at: '2026-01-01 00:00:00' }, position: null },
      reason: 'updated_at moves with the row',
      guarantee: { level: 'exact-except', except: 'deletes', since: '2026-01-01T00:00:00Z' },
      warnings: ['a\u001b warning'],
    }),
    tablePlan('bad\n', { refused: { code: 'NO_FIT', kind: 'refused', message: 'it does not fit', hint: 'widen it' } }),
  ]
  const dry = {
    plan: plan(tables),
    tables: [
      { id: idOf('users'), rows: { upserts: 5, deletes: 2, estimated: false }, statements: ['DELETE FROM `users`\nWHERE 1', 'INSERT INTO `users`'] },
      { id: idOf('log'), rows: { upserts: 1000, deletes: 0, estimated: true }, statements: [] },
    ],
    statements: [],
    backups: [],
  }
  expect(dryRunText(dry, ['a key that nothing reads'], NOW)).toMatchInlineSnapshot(`
    "Dry run: nothing was written. This would be the incremental run of 3 tables from MariaDB 10.11 at db:3306 to copy (MariaDB 10.11 at backup:3306).

    Source: MariaDB 10.11 at db:3306, read as one moment of all tables.

    shop → copy/shop_copy
      First:
        CREATE DATABASE \`shop_copy\`;
      shop.users: compared by digest, only what differs is written (it has a key), about 1,000 rows at the source
        guarantee: exact
        rows: 5 to write, 2 to delete
        statements:
          DELETE FROM \`users\`
          WHERE 1;
          INSERT INTO \`users\`;
      shop.log: by time, updated_at since 2026-01-01 00:00:00 (updated_at moves with the row), about 1,000 rows at the source
        guarantee: exact, except for deletes (compared in full: 2 h ago)
        rows: about 1,000 to write, 0 to delete
        warning: a\\u{1b} warning
      shop.bad\\n: refused
        it does not fit
        next: widen it
      Only at the target, kept as they are: old\\n
      Not copied: 2 views (v1, v2); triggers not visible with these rights; 1 event (e)

    Warnings
      a key that nothing reads"
  `)
})
