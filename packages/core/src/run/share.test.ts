import { setTimeout as sleep } from 'node:timers/promises'
import pLimit from 'p-limit'
import { describe, expect, it } from 'vitest'
import { type Help, share } from './share.ts'

const items = Array.from({ length: 20 }, (_, i) => i)

/** Does the work and notes how many did it at once. */
function watched(work: (item: number) => Promise<void> = async () => {}) {
  const done: number[] = []
  let atWork = 0
  let most = 0
  return {
    done,
    most: () => most,
    atWork: () => atWork,
    work: async (item: number): Promise<void> => {
      most = Math.max(most, ++atWork)
      try {
        await sleep(1)
        await work(item)
        done.push(item)
      } finally {
        atWork--
      }
    },
  }
}

/** As a verification has it: those who share one limit, of which whoever asks for help has one. */
function helpers(count: number): Help {
  const slots = pLimit(count)
  return (work) => {
    for (let i = 0; i < count; i++) void slots(work)
  }
}

describe('shared work', () => {
  it('is done once each, in order where nobody helps', async () => {
    const one = watched()
    await share(items, undefined, one.work)
    expect(one.done).toEqual(items)
    expect(one.most()).toBe(1)
  })

  it('is done once each with helpers, at the same time', async () => {
    const some = watched()
    await share(items, helpers(3), some.work)
    expect(some.done.toSorted((a, b) => a - b)).toEqual(items)
    expect(some.most()).toBe(4)
  })

  it('does not wait for help that never comes, or comes when all is done', async () => {
    let later = async () => {}
    const alone = watched()
    await share(
      items,
      (work) => {
        later = work
      },
      alone.work,
    )
    await later()
    expect(alone.done).toEqual(items)
  })

  it.each([0, 5])('ends for all where one fails, and only when nobody is at work any more', async (failing) => {
    const some = watched(async (item) => {
      if (item === failing) throw new Error(`item ${item}`)
      await sleep(5)
    })
    await expect(share(items, helpers(3), some.work)).rejects.toThrow(`item ${failing}`)
    expect(some.atWork()).toBe(0)
    const done = some.done.length
    await sleep(30)
    expect(some.done.length).toBe(done)
    expect(done).toBeLessThan(items.length - 1)
  })
})
