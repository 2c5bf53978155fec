import { createServer, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { connect } from './connection.ts'
import type { Role } from './session.ts'

const { signal } = new AbortController()

/** The first bytes of a server's greeting: protocol 10, its version, a session, a salt, and what it can do. Bit 11, TLS, is not among it. */
const GREETING = Buffer.concat([
  Buffer.from('\x0a5.5.5-10.11.0-MariaDB\0', 'latin1'),
  Buffer.from([1, 0, 0, 0]),
  Buffer.from('saltsalt\0'),
  Buffer.from([0xff, 0xf7 & ~0x08, 45, 2, 0, 0x0f, 0x80, 21]),
  Buffer.alloc(10),
  Buffer.from('saltsaltsalt\0'),
  Buffer.from('mysql_native_password\0'),
])
const OK = Buffer.from([0, 0, 0, 2, 0, 0, 0])

const packet = (sequence: number, body: Buffer): Buffer => {
  const head = Buffer.alloc(4)
  head.writeUIntLE(body.length, 0, 3)
  head[3] = sequence
  return Buffer.concat([head, body])
}

/** A server that lets everybody in and answers like this; everything that it is told is kept. */
async function hostile(answer: (socket: Socket, command: Buffer) => void) {
  const heard: Buffer[] = []
  const server = createServer((socket) => {
    let greeted = false
    socket.on('error', () => {})
    socket.on('data', (data) => {
      heard.push(data)
      if (greeted) {
        if (data[3] === 0) answer(socket, data.subarray(5))
        // The end of what was sent in the place of a file.
        else if (data.length === 4) socket.write(packet(Number(data[3]) + 1, OK))
        return
      }
      greeted = true
      socket.write(packet(2, OK))
    })
    socket.write(packet(0, GREETING))
  })
  const { promise, resolve } = Promise.withResolvers<void>()
  server.listen(0, '127.0.0.1', resolve)
  await promise
  const { port } = server.address() as { readonly port: number }
  return { port, heard: () => Buffer.concat(heard).toString('latin1'), [Symbol.asyncDispose]: async () => void server.close() }
}

const open = (port: number, role: Role, ssl?: { readonly mode: string }) =>
  connect({ host: '127.0.0.1', port, user: 'u', password: 'hunter2', ...(ssl === undefined ? {} : { ssl }) }, role, signal, { connectMs: 3000, idleMs: 3000 })

/** `0xFB` and a name, in the place of an answer: "send me this file". */
const wantFile = (socket: Socket): void => void socket.write(packet(1, Buffer.concat([Buffer.from([0xfb]), Buffer.from(import.meta.filename)])))

test.each(['source', 'target'] as const)('a %s that asks for a file of this machine gets none', async (role) => {
  await using server = await hostile(wantFile)
  await expect(open(server.port, role)).rejects.toMatchObject({ code: 'MYSQL_FILE_ASKED', kind: 'connection' })
  expect(server.heard()).not.toContain('hunter2')
  expect(server.heard()).not.toContain('this very text of this very file')
})

test('nor in the middle of a load: it gets the rows that it would have got anyway', async () => {
  await using server = await hostile((socket, command) => {
    if (command.includes('LOAD DATA')) wantFile(socket)
    else socket.write(packet(1, OK))
  })
  await using connection = await open(server.port, 'target')
  const body = async function* () {
    yield Buffer.from('the rows\n')
  }
  const loading = connection.load("LOAD DATA LOCAL INFILE '' INTO TABLE t", body(), signal).catch(() => undefined)
  await expect.poll(server.heard).toContain('the rows')
  expect(server.heard()).not.toContain('this very text of this very file')
  void connection[Symbol.asyncDispose]()
  await loading
})

test('a server that takes its offer of TLS back gets neither the user nor the password', async () => {
  await using server = await hostile((socket) => void socket.destroy())
  await expect(open(server.port, 'source', { mode: 'required' })).rejects.toMatchObject({ code: 'MYSQL_TLS', hint: expect.stringContaining('ssl.mode') })
  expect(server.heard()).toBe('')
})
