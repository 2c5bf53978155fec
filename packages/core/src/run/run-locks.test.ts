import { expect, test } from 'vitest'
import { SyncError } from '../errors/sync-error.ts'
import { RunLocks } from './run-locks.ts'

/** Locks as a server gives them: each can be lost, and giving one back can fail. */
function server() {
  const log: string[] = []
  const lost = new Set<string>()
  let taken = 0
  let fault: SyncError | undefined
  const acquire = (place: string) => async () => {
    if (fault !== undefined) throw fault
    const name = `${place}#${++taken}`
    log.push(`take ${name}`)
    return {
      name,
      held: () => !lost.has(name),
      async [Symbol.asyncDispose]() {
        log.push(`give ${name}`)
        if (lost.has(`${name} for good`)) throw new Error(`${name} cannot be given back`)
      },
    }
  }
  const failWith = (error: SyncError | undefined) => {
    fault = error
  }
  return { log, lost, acquire, failWith }
}

test('a lock that is held is not asked for again', async () => {
  const s = server()
  await using locks = new RunLocks()
  await locks.take('copy/shop', s.acquire('shop'))
  expect(locks.unbroken('copy/shop')).toBe(true)
  expect(await locks.hold('copy/shop')).toMatchObject({ name: 'shop#1' })
  expect(locks.unbroken('copy/shop')).toBe(true)
  expect(s.log).toEqual(['take shop#1'])
})

test('a lock that is lost is taken again once, whoever asks, and is never called unbroken again', async () => {
  const s = server()
  await using locks = new RunLocks()
  await locks.take('copy/shop', s.acquire('shop'))
  await locks.take('copy/other', s.acquire('other'))
  s.lost.add('shop#1')
  expect(locks.unbroken('copy/shop')).toBe(false)
  const asked = await Promise.all([locks.hold('copy/shop'), locks.hold('copy/shop')])
  expect(asked).toMatchObject([{ name: 'shop#3' }, { name: 'shop#3' }])
  expect(locks.unbroken('copy/shop')).toBe(false)
  expect(locks.unbroken('copy/other')).toBe(true)
  s.lost.add('shop#3')
  expect(await locks.hold('copy/shop')).toMatchObject({ name: 'shop#4' })
  expect(s.log).toEqual(['take shop#1', 'take other#2', 'give shop#1', 'take shop#3', 'give shop#3', 'take shop#4'])
})

test('a lock that another run has taken meanwhile is asked for again by the next one who needs it', async () => {
  const s = server()
  await using locks = new RunLocks()
  await locks.take('copy/shop', s.acquire('shop'))
  s.lost.add('shop#1')
  s.failWith(new SyncError('RUN_LOCKED', 'another run', { kind: 'locked' }))
  await expect(locks.hold('copy/shop')).rejects.toMatchObject({ code: 'RUN_LOCKED' })
  s.failWith(undefined)
  expect(await locks.hold('copy/shop')).toMatchObject({ name: 'shop#2' })
})

test('all locks are given back, the last one first and each once, and one that cannot be is told', async () => {
  const s = server()
  const locks = new RunLocks()
  for (const name of ['a', 'b', 'c']) await locks.take(name, s.acquire(name))
  s.lost.add('b#2 for good')
  await expect(locks[Symbol.asyncDispose]()).rejects.toThrow('b#2 cannot be given back')
  expect(s.log.slice(3)).toEqual(['give c#3', 'give b#2', 'give a#1'])
  await locks[Symbol.asyncDispose]()
  expect(s.log).toHaveLength(6)
})
