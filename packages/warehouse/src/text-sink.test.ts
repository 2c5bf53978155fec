import { expect, it } from 'vitest'
import { stamp } from './stamp.ts'
import { TextSink } from './text-sink.ts'

const all = (length: number): Buffer => Buffer.from(Array.from({ length }, (_, i) => (i * 37) & 0xff))

it('escapes as JSON does', () => {
  const text = `${String.fromCharCode(...Array.from({ length: 128 }, (_, i) => i))}é表😀\u2028`
  const bytes = Buffer.from(text)
  for (const start of [0, 1, 2, 3]) {
    const sink = new TextSink()
    sink.text(bytes, start, bytes.length)
    expect(sink.take().toString()).toBe(JSON.stringify(text.slice(start)))
  }
})

it('writes base64 of every length', () => {
  for (let length = 0; length < 10; length++) {
    const sink = new TextSink()
    sink.bytes(all(length + 2), 1, length + 1)
    expect(sink.take().toString()).toBe(
      `"${all(length + 2)
        .subarray(1, -1)
        .toString('base64')}"`,
    )
  }
})

it('keeps what was written however it grows, and takes back what is not to be there', () => {
  const sink = new TextSink(5_000, 8)
  const [head, tail] = [stamp(',"é":'), stamp(' UTC')]
  let expected = ''
  for (let i = 0; i < 2_000; i++) {
    sink.stamp(head)
    sink.plain(Buffer.from(String(i)), 0, String(i).length, tail)
    const mark = sink.byteLength
    sink.raw(all(i % 100))
    sink.backTo(mark)
    expected += `,"é":"${i} UTC"`
  }
  expect(sink.take().toString()).toBe(expected)
})

it('goes on in memory that is given back, and leaves what was taken alone', () => {
  const sink = new TextSink(0, 8)
  sink.ascii('first lines')
  const first = sink.take()
  sink.ascii('second lines, which are longer')
  const second = sink.take(first)
  sink.ascii('third')
  expect([second.toString(), sink.byteLength]).toEqual(['second lines, which are longer', 5])
  expect(sink.take(second).toString()).toBe('third')
  expect(first.toString()).toMatch(/^third/)
})
