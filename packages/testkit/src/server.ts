import { execFile } from 'node:child_process'
import { randomBytes, randomInt } from 'node:crypto'
import { chmod, mkdtemp, readFile, statfs, writeFile } from 'node:fs/promises'
import { createServer, connect as dial } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Connection } from 'mysql2/promise'
import { findProgram } from './binaries.ts'
import { type ServerClient, serverClient } from './client.ts'
import { awake, type Supervisor, supervise } from './supervisor.ts'
import { asRoot, REDO_LOG, templateFolder } from './template.ts'

const run = promisify(execFile)

export type ServerOptions = {
  /** More settings of mariadbd, by their names in an option file; they win over ours. */
  readonly settings?: Readonly<Record<string, string>>
  /** The data lies on a disk; without it, or `durable`, in memory where the system has enough of that. */
  readonly onDisk?: boolean
  /** Every commit reaches the disk. Without it a power cut may lose the last second; a killed server loses nothing either way. */
  readonly durable?: boolean
  /** Default time zone as an offset, such as `-05:00`. Without it: the machine's. */
  readonly timeZone?: string
  readonly binlog?: boolean
  /** Logs every statement into `mysql.general_log` from the start; `SET GLOBAL general_log` switches it later. */
  readonly generalLog?: boolean
  /** A data folder of a stopped server to start from, instead of an empty one. It is copied. */
  readonly template?: string
}

/** A private MariaDB server in a folder of its own. It dies, and its folder goes, with the process that started it. */
export interface TestServer extends ServerClient, AsyncDisposable {
  readonly pid: number
  /** Resolves when the server has ended. SIGTERM lets it shut down cleanly. */
  kill(signal?: 'SIGKILL' | 'SIGTERM'): Promise<void>
  /** Starts it again on the same port, killing it first where it still runs. */
  restart(): Promise<void>
}

export async function startServer(options: ServerOptions = {}): Promise<TestServer> {
  const mariadbd = await findProgram('mariadbd', 'mysqld')
  const template = options.template ?? (await templateFolder(mariadbd))
  for (let attempt = 1; ; attempt++) {
    const server = new PrivateServer(await newFolder(options), await freePort())
    try {
      await server.open(mariadbd, template, options)
      return server
    } catch (error) {
      await server[Symbol.asyncDispose]()
      if (!(error instanceof PortTaken) || attempt === 5) throw error
    }
  }
}

class PortTaken extends Error {}

class PrivateServer implements TestServer {
  readonly host = '127.0.0.1'
  readonly user = 'root'
  readonly password = randomBytes(12).toString('hex')
  readonly directory: string
  readonly port: number
  readonly socket: string
  pid = 0
  #supervisor: Supervisor | undefined
  readonly #client: ServerClient

  constructor(directory: string, port: number) {
    this.directory = directory
    this.port = port
    this.socket = join(directory, 'socket')
    this.#client = serverClient(this)
  }

  async open(mariadbd: string, template: string, options: ServerOptions): Promise<void> {
    const data = join(this.directory, 'data')
    const optionFile = join(this.directory, 'server.cnf')
    // First of all, so that from here on the folder goes with us.
    this.#supervisor = supervise(this.directory, [mariadbd, `--defaults-file=${optionFile}`, ...asRoot()])
    await run('cp', ['-R', template, data])
    await writeFile(join(this.directory, 'init.sql'), initSql(this.password))
    await writeFile(optionFile, optionFileText(this, data, options))
    await this.#start(this.#supervisor)
  }

  async kill(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    await this.#client.close()
    try {
      process.kill(this.pid, signal)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
    if (this.#supervisor !== undefined) await awake(this.#supervisor.ended())
  }

  async restart(): Promise<void> {
    if (this.#supervisor === undefined) throw new Error('the server was never started')
    await this.kill('SIGKILL')
    await this.#start(this.#supervisor)
  }

  connect(...settings: Parameters<ServerClient['connect']>): Promise<Connection> {
    return this.#client.connect(...settings)
  }

  query(...statement: Parameters<ServerClient['query']>): ReturnType<ServerClient['query']> {
    return this.#client.query(...statement)
  }

  close(): Promise<void> {
    return this.#client.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.close()
    await this.#supervisor?.[Symbol.asyncDispose]()
  }

  async #start(supervisor: Supervisor): Promise<void> {
    this.pid = await supervisor.start()
    let running = true
    const ended = supervisor.ended().then(() => {
      running = false
    })
    // The socket file is served after the port is bound, so an answer there means that the port is ours.
    for (const deadline = Date.now() + 60_000; running && Date.now() < deadline; ) {
      if (await answers(this.socket)) return
      await Promise.race([ended, sleep(15)])
    }
    const log = await readFile(join(this.directory, 'server.log'), 'utf8')
    if (/Address already in use/i.test(log)) throw new PortTaken(`port ${this.port} is taken`)
    throw new Error(`mariadbd ${running ? 'did not answer within 60 s' : 'ended'}; its log ends with:\n${log.slice(-3000)}`)
  }
}

async function newFolder(options: ServerOptions): Promise<string> {
  const base = options.onDisk || options.durable ? tmpdir() : await memoryFolder()
  const folder = await mkdtemp(join(base, 'dbsync-server-'))
  await chmod(folder, 0o700)
  return folder
}

/** A file system in memory with room for some servers, else the folder for temporary files. A test run makes thousands of tables, each of them a sync. */
export async function memoryFolder(): Promise<string> {
  if (process.env.TMPDIR !== undefined) return tmpdir()
  try {
    const { bavail, bsize } = await statfs('/dev/shm')
    return bavail * bsize > 6 * 2 ** 30 ? '/dev/shm' : tmpdir()
  } catch {
    return tmpdir()
  }
}

/** Run at every start, so that it holds whatever the template says. One statement a line: an init file wants it so. */
const initSql = (password: string) =>
  [
    `DELETE FROM mysql.global_priv WHERE User = ''`,
    'FLUSH PRIVILEGES',
    `CREATE OR REPLACE USER root@localhost IDENTIFIED BY '${password}'`,
    'GRANT ALL ON *.* TO root@localhost WITH GRANT OPTION',
    `CREATE OR REPLACE USER root@127.0.0.1 IDENTIFIED BY '${password}'`,
    'GRANT ALL ON *.* TO root@127.0.0.1 WITH GRANT OPTION',
  ]
    .map((statement) => `${statement};\n`)
    .join('')

function optionFileText(server: PrivateServer, data: string, options: ServerOptions): string {
  const settings: Record<string, string> = {
    datadir: data,
    tmpdir: server.directory,
    socket: server.socket,
    port: String(server.port),
    bind_address: server.host,
    pid_file: join(server.directory, 'mariadbd.pid'),
    init_file: join(server.directory, 'init.sql'),
    skip_name_resolve: '1',
    performance_schema: '0',
    local_infile: '1',
    character_set_server: 'utf8mb4',
    max_connections: '200',
    innodb_buffer_pool_size: '64M',
    innodb_log_file_size: REDO_LOG,
    // 2, not 0: what is committed survives a SIGKILL of the server, as the system has it.
    innodb_flush_log_at_trx_commit: options.durable ? '1' : '2',
    sync_binlog: options.durable ? '1' : '0',
    server_id: String(randomInt(1, 2 ** 31)),
    log_output: 'TABLE',
    general_log: options.generalLog ? '1' : '0',
    ...(options.timeZone === undefined ? {} : { default_time_zone: options.timeZone }),
    ...(options.binlog ? { log_bin: join(server.directory, 'binlog'), binlog_format: 'ROW' } : {}),
    ...options.settings,
  }
  return `[mariadbd]\n${Object.entries(settings)
    .map(([name, value]) => `${name} = ${value}\n`)
    .join('')}`
}

/** Below the range from which systems take ports for outgoing connections, so that it is still free after a restart. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(15_000, 32_000)
    const probe = createServer()
    const free = await new Promise<boolean>((resolve) => {
      probe.once('error', () => resolve(false))
      probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
    })
    if (free) return port
  }
}

function answers(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = dial(socket)
    const settle = (answer: boolean) => {
      connection.destroy()
      resolve(answer)
    }
    connection.once('error', () => settle(false))
    // The server speaks first: its greeting shows that it takes connections.
    connection.once('data', () => settle(true))
    connection.once('close', () => settle(false))
  })
}
