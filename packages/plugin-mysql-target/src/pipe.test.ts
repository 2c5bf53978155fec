import { expect, test } from 'vitest'
import { Pipe } from './pipe.ts'

const bytes = (n: number) => new Uint8Array(n)

test('holds the writer back until the reader has caught up', async () => {
  const pipe = new Pipe(10)
  await pipe.push(bytes(10))
  let through = false
  const pushed = pipe.push(bytes(1)).then(() => {
    through = true
  })
  await new Promise((resolve) => setTimeout(resolve, 10))
  expect(through).toBe(false)
  const reader = pipe[Symbol.asyncIterator]()
  await reader.next()
  await pushed
  expect(through).toBe(true)
})

test('a failed load rejects the write under way and every later one', async () => {
  const pipe = new Pipe(1)
  const waiting = pipe.push(bytes(2))
  pipe.fail(new Error('gone'))
  pipe.fail(new Error('second'))
  await expect(waiting).rejects.toThrow('gone')
  await expect(pipe.push(bytes(1))).rejects.toThrow('gone')
})

test('ends after the last chunk', async () => {
  const pipe = new Pipe()
  await pipe.push(bytes(1))
  await pipe.push(bytes(2))
  pipe.end()
  const sizes: number[] = []
  for await (const chunk of pipe) sizes.push(chunk.length)
  expect(sizes).toEqual([1, 2])
})
