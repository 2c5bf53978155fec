import { expect, test } from 'vitest'
import { NAMES, report, tableReport } from '../render/testing.ts'
import { html } from './html.ts'
import { pageOf } from './page.ts'

const record = {
  version: 1,
  run: 'r1',
  kind: 'run',
  mode: 'full',
  status: 'partial',
  process: { host: '<script>', pid: 1 },
  startedAt: '2026-01-01T00:00:00Z',
  seenAt: '2026-01-01T00:00:03Z',
  finishedAt: '2026-01-01T00:00:03Z',
  tables: { total: 3, done: 3 },
  rows: 10,
  working: [],
  rates: { everyMs: 1000, rows: [1, 5, 2] },
} as const

test('text stays text, wherever it stands', () => {
  expect(html`<b title="${'"><i>'}">${['<', '&', html`<u>${"'"}</u>`, undefined]}</b>`.html).toBe('<b title="&quot;&gt;&lt;i&gt;">&lt;&amp;<u>&#39;</u></b>')
})

test('one page with every table, what failed, and a chart, that loads nothing', () => {
  const hostile = '<img src=x onerror=alert(1)>'
  const error = { code: 'X', kind: 'data', message: hostile, hint: 'put it right' } as const
  const tables = [...NAMES.map((name) => tableReport(name, 'synced', { inserted: 12_345 })), tableReport(hostile, 'failed', { error, warnings: [hostile] })]
  const page = pageOf({ ...record, report: report(tables) })
  expect(page).not.toMatch(/<img|<script|<link|https?:|@import|url\(/)
  for (const text of ['shop.users', '__proto__', '12,345', 'put it right', '<svg', '&lt;img src=x']) expect(page).toContain(text)
  expect([...page.matchAll(/<tr>/g)]).toHaveLength(1 + tables.length)
  // Every element that is opened is closed.
  for (const name of ['div', 'span', 'table', 'tr', 'td', 'ul', 'li', 'svg', 'h1', 'h2']) {
    expect([...page.matchAll(new RegExp(`<${name}[ >]`, 'g'))].length, name).toBe([...page.matchAll(new RegExp(`</${name}>`, 'g'))].length)
  }
})
