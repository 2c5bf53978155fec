import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { createInterface } from 'node:readline'

/**
 * Keeps a server from outliving the process that started it. The shell reads its standard input, a pipe that only we hold:
 * when we end, however that happens (SIGKILL too), the pipe closes, and the shell kills the server and removes the folder.
 * Each line `start` starts the server; the shell answers `pid N`, and `exit N` when it has ended.
 */
const SCRIPT = `
folder=$1; shift
trap '' HUP INT TERM PIPE
serve() {
  "$@" >>"$folder/server.log" 2>&1 </dev/null & pid=$!
  echo $pid >"$folder/supervised"
  echo "pid $pid"
  wait $pid; code=$?
  rm -f "$folder/supervised"
  echo "exit $code"
}
while read -r line; do
  [ "$line" = start ] && serve "$@" 2>/dev/null &
done
if read -r pid <"$folder/supervised"; then
  kill -KILL "$pid"
  while [ -e "$folder/supervised" ]; do sleep 0.02; done
fi 2>/dev/null
rm -rf "$folder"
`

export interface Supervisor extends AsyncDisposable {
  /** Starts the server, which must not be running; resolves with its process id. */
  start(): Promise<number>
  /** Resolves when the server that was started last has ended. Does not keep our process alive. */
  ended(): Promise<void>
}

/** Runs `command` under a shell that ends it and removes `folder` when disposed, and when this process dies. */
export function supervise(folder: string, command: readonly string[]): Supervisor {
  // In a session of its own: Ctrl-C in the terminal must not reach it before its work is done.
  const shell = spawn('/bin/sh', ['-c', SCRIPT, 'supervisor', folder, ...command], { detached: true, stdio: ['pipe', 'pipe', 'ignore'] })
  const gone = once(shell, 'exit')
  let onPid: (pid: number) => void = () => {}
  let onExit: () => void = () => {}
  let ended: Promise<void> = Promise.resolve()
  createInterface({ input: shell.stdout }).on('line', (line) => {
    const [word, number] = line.split(' ')
    if (word === 'pid') onPid(Number(number))
    else if (word === 'exit') onExit()
  })
  // A write to a shell that is gone; `start` sees that by itself.
  shell.stdin.on('error', () => {})
  // Our process may end without disposing: that is what the shell is for.
  shell.unref()
  for (const pipe of [shell.stdin, shell.stdout]) (pipe as unknown as Socket).unref()

  return {
    async start() {
      const pid = new Promise<number>((resolve) => {
        onPid = resolve
      })
      ended = new Promise((resolve) => {
        onExit = resolve
      })
      shell.stdin.write('start\n')
      const answer = await awake(Promise.race([pid, gone]))
      if (typeof answer !== 'number') throw new Error('the shell that watches over the server has ended')
      return answer
    },
    ended: () => ended,
    async [Symbol.asyncDispose]() {
      shell.stdin.end()
      if (shell.exitCode === null && shell.signalCode === null) await awake(gone)
    },
  }
}

/** Keeps our process alive until the promise settles: nothing else here does. */
export async function awake<T>(promise: Promise<T>): Promise<T> {
  const timer = setInterval(() => {}, 1000)
  try {
    return await promise
  } finally {
    clearInterval(timer)
  }
}
