import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

type Totals = { readonly rowsRead: number; readonly bytes: number; readonly inserted: number; readonly updated: number; readonly deleted: number }

/** One line for each run in the folder's log: how many rows were read from the source, and what was written. */
export async function movedByRun(folder: string): Promise<readonly string[]> {
  const lines = (await readFile(join(folder, 'logs', 'incremental-sync.log'), 'utf8')).trim().split('\n')
  const entries = lines.map((line) => JSON.parse(line) as { readonly msg: string; readonly report?: { readonly totals: Totals } })
  const totals = entries.flatMap(({ msg, report }) => (msg === 'run.finished' && report !== undefined ? [report.totals] : []))
  return totals.map(({ rowsRead, bytes, inserted, updated, deleted }, i) => {
    const read = `${count(rowsRead)} rows (${count(bytes)} bytes) read`
    return `run ${i + 1}: ${read}; ${count(inserted)} inserted, ${count(updated)} updated, ${count(deleted)} deleted`
  })
}

const count = (n: number): string => n.toLocaleString('en')
