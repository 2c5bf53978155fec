import { expect, test } from 'vitest'
import { renameDatabase } from './references.ts'

const PLAIN = { ansiQuotes: false, noBackslash: false }
const rename = (sql: string, quoting = PLAIN) => renameDatabase(sql, { from: 'shop', to: 'shop copy', quoting, same: (a, b) => a === b })

test.each([
  ['select shop.t.a, `shop`.`t`.`b` from shop.t', 'select `shop copy`.t.a, `shop copy`.`t`.`b` from `shop copy`.t'],
  ['call shop . /* shop.x */ p(1)', 'call `shop copy` . /* shop.x */ p(1)'],
  ["select 'shop.t', \"shop.t\", `a``shop.t`, 'it''s shop.t', 'x\\'shop.t'", undefined],
  ['-- shop.t\n# shop.t\nselect @shop.t, @`shop`.x, @@shop.x', undefined],
  ['/*!50003 select shop.t.a from shop.t */', '/*!50003 select `shop copy`.t.a from `shop copy`.t */'],
  ['/*M!100100 update shop.t set a = 1 */', '/*M!100100 update `shop copy`.t set a = 1 */'],
  ['select 1--shop.t.a', 'select 1--`shop copy`.t.a'],
  ['select Shop.t.a, xshop.t.a, shopx.t.a, shop_.t', undefined],
  ['select shop.t.*, shop.f(1) from shop.t', 'select `shop copy`.t.*, `shop copy`.f(1) from `shop copy`.t'],
])('%s', (sql, wanted = sql) => {
  expect(rename(sql).text).toBe(wanted)
})

test.each([
  // A table of that name: `shop.id` is its column, wherever it stands.
  [
    'select shop.id from shop where shop.a in (select shop.b, shop.t.c from shop.shop)',
    'select shop.id from shop where shop.a in (select shop.b, C.t.c from C.shop)',
  ],
  ['select * from (shop.a shop join (shop.b, shop.c) on (shop.id = 1))', 'select * from (C.a shop join (C.b, C.c) on (shop.id = 1))'],
  [
    'select * from x as shop, shop.t using (id) where extract(year from shop.d) > trim(leading shop.a from shop.b)',
    'select * from x as shop, C.t using (id) where extract(year from shop.d) > trim(leading shop.a from shop.b)',
  ],
  [
    'insert into shop.t (shop) select replace(shop.a, 1, 2), insert(shop.b, 1, 2, 3), shop.c from shop.u shop on duplicate key update a = shop.d',
    'insert into C.t (shop) select replace(shop.a, 1, 2), insert(shop.b, 1, 2, 3), shop.c from C.u shop on duplicate key update a = shop.d',
  ],
  ['update shop, shop.t set shop.a = shop.b', 'update shop, C.t set shop.a = shop.b'],
  ['delete shop from shop.shop join shop.t', 'delete shop from C.shop join C.t'],
  [
    'replace into shop.shop values (shop.f(1)); truncate shop.shop; drop table if exists shop.shop',
    'replace into C.shop values (C.f(1)); truncate C.shop; drop table if exists C.shop',
  ],
  [
    'shop: begin select a into shop from shop.t for update; leave shop; call shop.p; end',
    'shop: begin select a into shop from C.t for update; leave shop; call C.p; end',
  ],
  ['select 1.5, shop.a from shop order by shop.b desc, shop.c limit 1', undefined],
])('where the name is used for more than the database: %s', (sql, wanted = sql) => {
  expect(rename(sql).text).toBe(wanted.replaceAll('C.', '`shop copy`.'))
})

test('quotes mean what the SQL mode says', () => {
  const sql = `select "shop"."t"."a" from "shop"."t" where a = 'shop.t\\'`
  expect(rename(sql, { ansiQuotes: true, noBackslash: true }).text).toBe('select `shop copy`."t"."a" from `shop copy`."t" where a = \'shop.t\\\'')
})

test('says what else is named: other databases, own tables, and the database in a text', () => {
  const found = rename('select x.t.a, alias.b from shop.t, crm.u join `shop`.`v` where new.a = crm.f(1) and rec.field = 1')
  expect(found.others).toEqual(['x', 'crm'])
  expect(found.own).toEqual(['t', 'v'])
  expect(rename("set @q = 'select * from `shop`.t'").inStrings).toBe(true)
  expect(rename("set @q = 'visit the shop. Or myshop.com'").inStrings).toBe(true)
  expect(rename("set @q = 'visit the workshop.'").inStrings).toBe(false)
})

test('a text that never ends is read to its end', () => {
  for (const sql of ["select 'shop.t", 'select `shop', '/* shop.t', 'select @`shop', 'shop.', '.shop', '']) expect(rename(sql).text).toBe(sql)
})
