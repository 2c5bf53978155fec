// Loaded into the program under test by `--import`: tells at its end how much memory it took and for how long it could draw nothing.
import { writeFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'

const file = process.env.DBSYNC_LIMITS_PROBE
const delay = monitorEventLoopDelay({ resolution: 10 })
delay.enable()

process.on('exit', () => {
  if (file === undefined) return
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage()
  writeFileSync(file, JSON.stringify({ peakMiB: maxRSS / 1024, blockedMs: delay.max / 1e6, cpuSeconds: (userCPUTime + systemCPUTime) / 1e6 }))
})
