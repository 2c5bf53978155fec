import { mkdtemp, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort, memoryFolder } from '../server.ts'
import { type Supervisor, supervise } from '../supervisor.ts'
import { type Emulator, installationOf, installedEmulators, notInstalled } from './installed.ts'

/** A private emulator of BigQuery. It dies, and its data goes, with the process that started it. */
export interface TestBigQuery extends AsyncDisposable {
  /** Scheme, address and port, such as `http://127.0.0.1:20001`; what BigQuery has at `/bigquery/v2` and `/upload/bigquery/v2` is below it. */
  readonly endpoint: string
  /** With a hyphen, as real ones have: a name that SQL takes only in backticks. */
  readonly project: string
  readonly emulator: Emulator
  readonly pid: number
  /** Its data and its log. */
  readonly folder: string
}

export type BigQueryOptions = {
  /** Without it the best one that is installed, or what `DBSYNC_TEST_BIGQUERY` says. */
  readonly emulator?: Emulator
}

const PROJECT = 'dbsync-test'

/** Starts an emulator on a free port of 127.0.0.1. Throws, saying how to install it, where it is not there. */
export async function startBigQuery(options: BigQueryOptions = {}): Promise<TestBigQuery> {
  const installed = await installedEmulators()
  const emulator = options.emulator ?? installed[0]
  if (emulator === undefined || !installed.includes(emulator)) throw new Error(notInstalled(emulator))
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(emulator)
    } catch (error) {
      if (!(error instanceof PortTaken) || attempt === 5) throw error
    }
  }
}

class PortTaken extends Error {}

async function start(emulator: Emulator): Promise<TestBigQuery> {
  const folder = await mkdtemp(join(await memoryFolder(), 'dbsync-bigquery-'))
  const port = await freePort()
  const supervisor = supervise(folder, COMMANDS[emulator](installationOf(emulator), folder, String(port), String(await freePort())))
  try {
    const pid = await supervisor.start()
    const endpoint = `http://127.0.0.1:${port}`
    await answering(endpoint, supervisor, join(folder, 'server.log'))
    return { endpoint, project: PROJECT, emulator, pid, folder, [Symbol.asyncDispose]: () => supervisor[Symbol.asyncDispose]() }
  } catch (error) {
    await supervisor[Symbol.asyncDispose]()
    throw error
  }
}

type Command = (installation: string, folder: string, port: string, grpcPort: string) => readonly string[]

/** `env` becomes the program, so its process id is the emulator's. The home folder holds DuckDB's extensions, and nobody else's settings. */
const COMMANDS: Readonly<Record<Emulator, Command>> = {
  'local-bigquery': (installation, folder, port, grpcPort) => [
    '/usr/bin/env',
    `HOME=${join(installation, 'home')}`,
    ...[join(installation, 'venv/bin/local-bigquery'), 'serve', '--host', '127.0.0.1', '--port', port, '--grpc-port', grpcPort],
    ...['--project', PROJECT, '--data-dir', join(folder, 'data')],
  ],
  bqemulator: (installation, folder, port, grpcPort) => [
    '/usr/bin/env',
    `HOME=${join(installation, 'home')}`,
    ...[join(installation, 'venv/bin/bqemulator'), 'start', '--ephemeral', '--project', PROJECT, '--data-dir', join(folder, 'data')],
    ...['--rest-host', '127.0.0.1', '--rest-port', port, '--grpc-host', '127.0.0.1', '--grpc-port', grpcPort],
  ],
  goccy: (installation, folder, port, grpcPort) => [
    '/usr/bin/env',
    `HOME=${folder}`,
    ...[join(installation, 'bigquery-emulator'), `--project=${PROJECT}`, '--host=127.0.0.1', `--port=${port}`, `--grpc-port=${grpcPort}`],
  ],
}

async function answering(endpoint: string, supervisor: Supervisor, logFile: string): Promise<void> {
  let running = true
  const ended = supervisor.ended().then(() => {
    running = false
  })
  let last = ''
  for (const deadline = Date.now() + 90_000; running && Date.now() < deadline; ) {
    try {
      const answer = await fetch(`${endpoint}/bigquery/v2/projects/${PROJECT}/datasets`, { signal: AbortSignal.timeout(60_000) })
      last = await answer.text()
      if (answer.ok) return
    } catch {
      // It does not listen yet.
    }
    await Promise.race([ended, sleep(50)])
  }
  const log = await readFile(logFile, 'utf8')
  if (/address already in use/i.test(log)) throw new PortTaken(endpoint)
  throw new Error(`the BigQuery emulator ${running ? 'did not answer within 90 s' : 'ended'}: ${last}\nIts log ends with:\n${log.slice(-3000)}`)
}
