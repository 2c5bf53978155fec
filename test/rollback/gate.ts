import { connect, createServer, type Socket } from 'node:net'

export type Stop = { readonly when: 'before' | 'during' | 'after'; readonly at: (statement: string) => boolean }

/** A way to a server that is closed at one statement: it never arrives, it arrives and nobody waits for the answer, or the answer never comes back. */
export interface Gate extends AsyncDisposable {
  readonly port: number
  /** The statements that have passed since the last call, in order. */
  passed(): readonly string[]
  /** Resolves when the gate has closed; whoever waits behind it waits for good. */
  closeAt(stop: Stop): Promise<string>
  /** Ends every connection. */
  cut(): void
  /** Lets everything pass again. */
  open(): void
}

export async function openGate(server: { readonly host: string; readonly port: number }): Promise<Gate> {
  const sockets = new Set<Socket>()
  let statements: string[] = []
  let stop: (Stop & { readonly closed: (statement: string) => void }) | undefined

  const listener = createServer((client) => {
    const upstream = connect(server)
    let silent = false
    let last = false
    let owed: string | undefined
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true)
      sockets.add(socket)
      socket
        .on('error', () => {})
        .on('close', () => {
          sockets.delete(socket)
          client.destroy()
          upstream.destroy()
        })
    }
    const starts = statementReader((statement) => {
      statements.push(statement)
      if (stop === undefined || silent || !stop.at(statement)) return
      if (stop.when === 'after') owed = statement
      else {
        silent = true
        if (stop.when === 'during') last = true
        stop.closed(statement)
      }
    })
    client.on('data', (piece) => {
      starts(piece)
      if (!silent || last) upstream.write(piece)
      last = false
    })
    upstream.on('data', (piece) => {
      if (owed !== undefined && !silent) {
        silent = true
        stop?.closed(owed)
      }
      if (!silent) client.write(piece)
    })
  })

  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  const address = listener.address()
  if (address === null || typeof address === 'string') throw new Error('the gate has no port')
  return {
    port: address.port,
    passed() {
      const all = statements
      statements = []
      return all
    },
    closeAt: (at) => new Promise((closed) => (stop = { ...at, closed })),
    cut() {
      for (const socket of sockets) socket.destroy()
    },
    open: () => (stop = undefined),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => listener.close(resolve))
    },
  }
}

/** Finds the beginning of every statement in what a client sends. */
function statementReader(found: (statement: string) => void): (piece: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0)
  let skip = 0
  return (piece) => {
    rest = Buffer.concat([rest, piece])
    for (;;) {
      const skipped = Math.min(skip, rest.length)
      rest = rest.subarray(skipped)
      skip -= skipped
      if (skip > 0 || rest.length < 5) return
      const length = rest.readUIntLE(0, 3)
      const isQuery = rest[3] === 0 && rest[4] === 3
      if (isQuery) found(rest.toString('utf8', 5, Math.min(rest.length, 4 + length, 400)))
      skip = 4 + length
    }
  }
}
