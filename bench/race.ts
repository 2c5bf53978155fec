import { type Measured, median, spread } from './measure.ts'

export type Way = {
  readonly name: string
  /** One go, from an untouched start to the end of the work. Throws where the result is wrong: its time does not count then. */
  readonly run: () => Promise<Measured>
  /** Not timed: puts things back as they were. */
  readonly before?: () => Promise<void>
  /** Not timed. */
  readonly check?: () => Promise<void>
}

export type Lap = Measured & { readonly servers: readonly number[]; readonly wire: number }

/** What is looked at before and after each lap. */
export type Gauges = {
  readonly cpu: () => readonly number[]
  readonly wire: () => Promise<number>
  /** Resolves when nothing that was written before is still on its way to the disk: the next lap would pay for it. */
  readonly settled: () => Promise<void>
}

/** Runs all ways in each round, in random order, with the CPU time of both servers and the bytes on the wire beside each. */
export async function race(ways: readonly Way[], rounds: number, { cpu, wire, settled }: Gauges): Promise<ReadonlyMap<string, readonly Lap[]>> {
  const laps = new Map<string, Lap[]>(ways.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const way of ways.map((each) => ({ each, at: Math.random() })).toSorted((a, b) => a.at - b.at)) {
      const { name, before, run, check } = way.each
      await before?.()
      await settled()
      const [start, bytes] = [cpu(), await wire()]
      const lap = await run()
      const servers = cpu().map((seconds, i) => seconds - (start[i] ?? 0))
      const lapBytes = (await wire()) - bytes
      await check?.()
      laps.get(name)?.push({ ...lap, servers, wire: lapBytes })
    }
  }
  return laps
}

/** One line for each way, the first of which the others are compared with. */
export function board(laps: ReadonlyMap<string, readonly Lap[]>): string {
  const [ours] = laps.values()
  const base = median((ours ?? []).map(({ seconds }) => seconds))
  const lines = [...laps].map(([name, all]) => {
    const seconds = all.map((lap) => lap.seconds)
    const middle = (of: (lap: Lap) => number) => median(all.map(of)).toFixed(1)
    const servers = (all[0]?.servers ?? []).map((_, i) => middle((lap) => lap.servers[i] ?? Number.NaN))
    const peak = Math.max(...all.map(({ peakMiB }) => peakMiB)).toFixed(0)
    return [
      name,
      median(seconds).toFixed(2),
      spread(seconds),
      (median(seconds) / base).toFixed(2),
      middle(({ cpu }) => cpu),
      ...servers,
      middle(({ wire }) => wire),
      peak,
    ]
  })
  const heads = [
    '',
    'seconds',
    'spread',
    '× ours',
    'CPU client',
    ...(ours?.[0]?.servers ?? []).map((_, i) => ['CPU source', 'CPU target'][i] ?? ''),
    'MB on the wire',
    'peak MiB',
  ]
  const rows = [heads, ...lines]
  const widths = heads.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) => row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  ')).join('\n')
}
