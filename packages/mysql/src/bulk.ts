import type { Driver, Packet } from './driver.ts'

/** MariaDB's client capability for COM_STMT_BULK_EXECUTE, in the upper half of its 64 bits. */
const BULK_OPERATIONS = 4

type Handshake = {
  readonly handshake?: { readonly mariadbExtendedCapabilityFlags?: number }
  mariadbExtendedClientFlags?: number
  sendSSLRequest?: (driver: Driver) => void
  sendCredentials?: (driver: Driver) => void
}

/**
 * Makes the driver tell a MariaDB that we know bulk statements. The driver answers the server's greeting with these bits itself, from MariaDB 10.5 on, for another
 * capability of that kind; so nothing is added to its handshake but one bit, right before it sends them. Call it before the greeting can have come.
 * The function that is returned says, once connected, whether both sides agreed.
 */
export function offerBulk(driver: Driver): () => boolean {
  const handshake = driver._command as Handshake | null
  let agreed = false
  if (handshake === null || handshake === undefined) return () => false
  for (const step of ['sendSSLRequest', 'sendCredentials'] as const) {
    const driversOwn = handshake[step]
    if (driversOwn === undefined) return () => false
    handshake[step] = (connection) => {
      const offered = handshake.handshake?.mariadbExtendedCapabilityFlags ?? 0
      const sent = handshake.mariadbExtendedClientFlags ?? 0
      agreed = (offered & BULK_OPERATIONS) !== 0 && sent !== 0
      if (agreed) handshake.mariadbExtendedClientFlags = sent | BULK_OPERATIONS
      driversOwn.call(handshake, connection)
    }
  }
  return () => agreed
}

const BULK_EXECUTE = 0xfa
const SEND_TYPES = 128
const BLOB = 0xfc
const HEADER = 4
/** A packet of this size says that another one follows. */
const WHOLE_PACKET = 0xffffff

/** Statements without an answer: enough to keep the server busy while the next rows are made ready. */
const SENT_AHEAD = 3

/** One statement for many rows. */
export interface BulkStatement {
  /** The largest `rows` of one `send`, in bytes. */
  readonly room: number
  /**
   * Sends rows: for each cell the byte 0 and the cell as in a `RowBatch`, or the byte 1 alone for NULL. Resolves when more may be sent, which is before the answer;
   * rejects with the first error that the server has answered. `free` is called when the memory of `rows` may be used again.
   */
  send(rows: Uint8Array, free?: () => void): Promise<void>
  /** Waits for all answers, and rejects with the first error among them. */
  end(): Promise<BulkAnswer>
}

export type BulkAnswer = { readonly affectedRows: number; readonly warnings: number }

/** Executes a prepared statement again and again without waiting for each answer. */
export function sendAhead(driver: Driver, prepared: number, cells: number, maxAllowedPacket: number) {
  let owed = 0
  let affectedRows = 0
  let warnings = 0
  let failure: { readonly error: unknown } | undefined
  let change = Promise.withResolvers<void>()
  const changed = () => {
    change.resolve()
    change = Promise.withResolvers<void>()
  }
  const refused = (error: unknown) => {
    failure ??= { error }
  }
  /** The connection is gone: no more answers. */
  let lost = false
  const fail = (error: unknown) => {
    refused(error)
    lost = true
    changed()
  }
  const answered = async (most: number) => {
    while (owed > most && !lost) await change.promise
    if (failure !== undefined) throw failure.error
  }
  const statement: BulkStatement = {
    room: roomOf(cells, maxAllowedPacket),
    async send(rows, free = () => {}) {
      await answered(SENT_AHEAD - 1)
      owed++
      awaitAnswer(driver)
        .then((answer) => {
          affectedRows += answer.affectedRows
          warnings += answer.warnings
        }, refused)
        .finally(() => {
          owed--
          free()
          changed()
        })
      driver.stream.cork()
      driver.write(bulkHeader(prepared, cells, rows.length))
      driver.write(rows)
      driver.stream.uncork()
    },
    async end() {
      await answered(0)
      return { affectedRows, warnings }
    },
  }
  return { statement, fail, owing: () => owed > 0 }
}

/** What is left of the largest packet after `bulkHeader`. */
const roomOf = (cells: number, maxAllowedPacket: number): number => Math.min(WHOLE_PACKET, maxAllowedPacket) - 1024 - 2 * cells

/**
 * What comes before the rows: the packet's header, the statement and the type of each cell, which is bytes for all of them.
 * Source: MariaDB's documentation, "COM_STMT_BULK_EXECUTE".
 */
function bulkHeader(statement: number, cells: number, rowBytes: number): Buffer {
  const head = Buffer.alloc(HEADER + 7 + 2 * cells)
  head.writeUIntLE(head.length - HEADER + rowBytes, 0, 3)
  head[HEADER] = BULK_EXECUTE
  head.writeUInt32LE(statement, HEADER + 1)
  head.writeUInt16LE(SEND_TYPES, HEADER + 5)
  for (let cell = 0; cell < cells; cell++) head[HEADER + 7 + 2 * cell] = BLOB
  return head
}

/** The driver's command for one answer: bulk statements are sent ahead, and their answers come in their order. */
function awaitAnswer(driver: Driver): Promise<BulkAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<BulkAnswer>()
  driver.addCommand({
    onResult: (error: Error | null) => reject(error),
    execute(packet: Packet | undefined, connection: Driver): boolean {
      if (packet === undefined) {
        // The answer to a packet with the number 0.
        connection.sequenceId = 1
        return false
      }
      if (packet.isError()) {
        reject(packet.asError(connection.clientEncoding))
      } else {
        packet.readInt8()
        const affectedRows = packet.readLengthCodedNumber()
        packet.readLengthCodedNumber()
        packet.readInt16()
        resolve({ affectedRows, warnings: packet.readInt16() })
      }
      return true
    },
  })
  return promise
}
