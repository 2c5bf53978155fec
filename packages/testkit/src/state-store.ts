import { type JsonValue, type StateStore, SyncError } from '@dbsync/core/plugin'
import { describe, expect } from 'vitest'
import { asList, asTests, type Check, onCheckFinished, type Registry } from './checks.ts'
import { expectFindings } from './examine-suite.ts'
import { never } from './rows-of.ts'

/** Every call of `open` gives another handle on the same store, as another process would have it. */
export type StateStoreUnderTest = {
  readonly open: () => Promise<StateStore>
  /** Makes the document under this key unreadable, as a bad disk would, and resolves to what makes it good again. Left out: nobody tries. */
  readonly damage?: (key: string) => Promise<() => Promise<void>>
}

/** Names that a store must neither mix up nor let out of its folder. */
export const HOSTILE_NAMES: readonly string[] = [
  ...['../../x', '..', '.', '/etc/passwd', 'a/b', 'a\\b', 'C:\\x', '', ' ', 'a b', 'trailing.', 'trailing ', '.hidden', '-rf', '~', '%41', '%', 'a%2Fb'],
  ...['__proto__', 'constructor', 'toString', 'line\nfeed', 'nul\0byte', 'tab\t', '`tick`', `quote'"`, 'a*?<>|:', 'con', 'NUL.txt', 'com1', 'sync-state'],
  ...['Case', 'case', 'CASE', 'cASE', 'ß', 'SS', 'é', 'e\u0301', 'İ', 'i', '😀', '表', '\ud800', '\ufffd', 'x.json', 'x', 'x.lock'],
  ...['n'.repeat(300), `${'n'.repeat(299)}m`, `${'n'.repeat(299)}M`, '表'.repeat(64), '../'.repeat(100)],
]

/** What every store of state must do, however it keeps it. */
export function describeStateStore(name: string, under: StateStoreUnderTest): void {
  describe(`state store: ${name}`, () => {
    define(asTests, under)
  })
}

/** The same as a list. */
export const stateStoreChecks = (under: StateStoreUnderTest): readonly Check[] => asList((registry) => define(registry, under))

function define({ it }: Registry, { open, damage }: StateStoreUnderTest): void {
  let groups = 0
  const handle = async () => {
    const store = await open()
    onCheckFinished(async () => await store[Symbol.asyncDispose]())
    return store
  }
  /** A prefix of keys that no other test uses. */
  const group = () => `suite${++groups}/`

  it('has nothing under a key that was never written', async () => {
    const store = await handle()
    const prefix = group()
    expect(await store.read(`${prefix}a`)).toBeUndefined()
    expect(await store.list(prefix)).toEqual([])
    await store.delete(`${prefix}a`)
  })

  it('returns values exactly as they were written, to every handle', async () => {
    const [one, other] = [await handle(), await handle()]
    for (const [i, value] of values().entries()) {
      const key = `database/values${i}`
      const written = await one.write(key, value, undefined)
      expect(written.value).toEqual(value)
      expect(await other.read(key)).toEqual({ key, value, revision: written.revision })
      expect(JSON.stringify((await other.read(key))?.value)).toBe(JSON.stringify(value))
      await other.delete(key)
    }
  })

  it('keeps the value as it was when the caller changes its object afterwards', async () => {
    const store = await handle()
    const key = `${group()}a`
    const value = { list: [1] }
    await store.write(key, value, undefined)
    value.list.push(2)
    expect((await store.read(key))?.value).toEqual({ list: [1] })
  })

  it('writes only over the revision that the writer has seen', async () => {
    const [one, other] = [await handle(), await handle()]
    const key = `${group()}a`
    const first = await one.write(key, { n: 1 }, undefined)
    await expectCode(other.write(key, { n: 9 }, undefined), 'STATE_CONFLICT')
    const second = await other.write(key, { n: 2 }, first.revision)
    expect(second.revision).not.toBe(first.revision)
    await expectCode(one.write(key, { n: 9 }, first.revision), 'STATE_CONFLICT')
    expect(await one.read(key)).toEqual(second)
    await one.delete(key)
    await expectCode(other.write(key, { n: 9 }, second.revision), 'STATE_CONFLICT')
    expect(await other.read(key)).toBeUndefined()
  })

  it('takes the revision of a document that was deleted for no revision of the next one under its key', async () => {
    const [one, other] = [await handle(), await handle()]
    const key = `${group()}a`
    const { revision } = await one.write(key, { n: 1 }, undefined)
    await other.delete(key)
    const next = await other.write(key, { n: 2 }, undefined)
    await expectCode(one.write(key, { n: 9 }, revision), 'STATE_CONFLICT')
    expect(await one.read(key)).toEqual(next)
  })

  it('loses no increment of writers that compete', async () => {
    const key = `${group()}counter`
    const increments = Array.from({ length: 4 }, async (_, writer) => {
      const store = await handle()
      for (let done = 0; done < 5; ) {
        const entry = await store.read(key)
        // Out of step with each other: what one has read, another has written over meanwhile.
        for (let turn = 0; turn < writer; turn++) await new Promise((resolve) => setImmediate(resolve))
        const n = entry === undefined ? 0 : (entry.value as { readonly n: number }).n
        try {
          await store.write(key, { n: n + 1 }, entry?.revision)
          done++
        } catch (error) {
          if (!SyncError.is(error) || error.code !== 'STATE_CONFLICT') throw error
        }
      }
    })
    await Promise.all(increments)
    expect((await (await handle()).read(key))?.value).toEqual({ n: 20 })
  })

  it('lists by prefix, in the order of the keys, and nothing that was deleted', async () => {
    const store = await handle()
    const prefix = group()
    for (const name of ['b', 'a', 'ab', 'c']) await store.write(`${prefix}${name}`, { name }, undefined)
    await store.delete(`${prefix}c`)
    const keysOf = async (start: string) => (await store.list(start)).map((entry) => entry.key)
    expect(await keysOf(prefix)).toEqual([`${prefix}a`, `${prefix}ab`, `${prefix}b`])
    expect(await keysOf(`${prefix}a`)).toEqual([`${prefix}a`, `${prefix}ab`])
    expect(await keysOf(`${prefix}abc`)).toEqual([])
    expect((await store.list(prefix))[0]).toEqual(await store.read(`${prefix}a`))
    expect(await keysOf('')).toEqual(expect.arrayContaining([`${prefix}a`, `${prefix}b`]))
  })

  for (const prefix of ['database/', 'hostile/', '']) {
    it(`keeps hostile names under "${prefix}" apart and gives them back`, async () => {
      const store = await handle()
      const names = HOSTILE_NAMES.filter((name) => prefix !== '' || !name.includes('/'))
      const before = (await store.list('')).length
      for (const name of names) await store.write(`${prefix}${name}`, { name }, undefined)
      for (const name of names) expect((await store.read(`${prefix}${name}`))?.value).toEqual({ name })
      const listed = new Map((await store.list(prefix)).map((entry) => [entry.key, entry.value]))
      for (const name of names) expect(listed.get(`${prefix}${name}`)).toEqual({ name })
      expect(await store.list('')).toHaveLength(before + names.length)
      for (const name of names) await store.delete(`${prefix}${name}`)
      expect(await store.list('')).toHaveLength(before)
    })
  }

  it('keeps the document of the last run', async () => {
    const store = await handle()
    const { revision } = await store.write('last-run', { last_sync: 'now' }, undefined)
    expect((await store.list('last')).map((entry) => entry.key)).toEqual(['last-run'])
    expect(await store.read('last-run')).toEqual({ key: 'last-run', value: { last_sync: 'now' }, revision })
    await store.delete('last-run')
    expect(await store.read('last-run')).toBeUndefined()
  })

  it('gives a lock to one at a time, and each name its own', async () => {
    const [one, other] = [await handle(), await handle()]
    for (const name of HOSTILE_NAMES) {
      const lock = await one.lock(name)
      await expectCode(other.lock(name), 'RUN_LOCKED')
      await expectCode(one.lock(name), 'RUN_LOCKED')
      await using _ = await other.lock(`${name}2`)
      await lock[Symbol.asyncDispose]()
      await using again = await other.lock(name)
      await lock[Symbol.asyncDispose]() // a second time: it must not free what is another's now
      await expectCode(one.lock(name), 'RUN_LOCKED')
      expect(again).toBeDefined()
    }
  })

  it('gives a lock to one of many that ask at the same moment', async () => {
    const stores = await Promise.all(Array.from({ length: 20 }, handle))
    const answers = await Promise.allSettled(stores.map((store) => store.lock('rush')))
    const won = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))
    expect(won).toHaveLength(1)
    const lost = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason] : []))
    expect(lost).toEqual(Array.from({ length: 19 }, () => expect.objectContaining({ code: 'RUN_LOCKED', kind: 'locked' })))
    await won[0]?.[Symbol.asyncDispose]()
  })

  it('says what it finds where it is examined, and writes nothing', async () => {
    const store = await handle()
    await store.write(`${group()}a`, { n: 1 }, undefined)
    const before = await store.list('')
    expectFindings((await store.examine?.(never)) ?? [])
    expect(await store.list('')).toEqual(before)
  })

  if (damage === undefined) return
  it('fails for a document that is there and cannot be read, and does not write over it', async () => {
    const [one, other] = [await handle(), await handle()]
    const key = `${group()}a`
    const written = await one.write(key, { only: key }, undefined)
    const repair = await damage(key)
    for (const store of [one, other]) await expectCode(store.read(key), 'STATE_UNREADABLE')
    for (const expected of [undefined, written.revision]) await expectCode(other.write(key, { n: 9 }, expected), 'STATE_UNREADABLE')
    await repair()
    expect(await one.read(key)).toEqual(written)
  })
}

function values(): readonly JsonValue[] {
  const proto = JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1}') as JsonValue
  const nested = Array.from({ length: 100 }).reduce<JsonValue>((inner) => ({ inner: [inner] }), { end: null })
  return [
    {},
    { text: 'é😀\u0000\u001f\u2028"\\\ud800', empty: '', '': 'empty key', 'line\nfeed': true },
    { numbers: [0, 1, -1, 1.5, 1e300, 5e-324, Number.MAX_SAFE_INTEGER, 0.1 + 0.2], nothing: null, yes: true, no: false },
    proto,
    nested,
    { many: Object.fromEntries(Array.from({ length: 2_000 }, (_, i) => [`table ${i}`, { position: `2026-01-01 00:00:00.${i}` }])) },
  ]
}

async function expectCode(action: Promise<unknown>, code: string): Promise<void> {
  const error: unknown = await action.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!SyncError.is(error)) throw error ?? new Error(`${code} was expected, and it succeeded`)
  expect(error.code).toBe(code)
}
