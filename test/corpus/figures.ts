import { type DatabaseOf, quote } from '@dbsync/testkit'
import { NAMES } from './names.ts'
import { VALUES } from './values.ts'

/** What was compared, for one line at the end. */
export class Figures {
  #cells = 0
  #tables = 0
  #values = 0
  #announced = 0
  #lost = 0

  /** Call it once both ends were seen to be equal. */
  async count({ server, database }: DatabaseOf): Promise<void> {
    const columns = await server.query('SELECT table_name AS name FROM information_schema.columns WHERE table_schema = ?', [database])
    const tables = Map.groupBy(columns, ({ name }) => String(name))
    for (const [name, { length }] of tables) {
      const [row] = await server.query(`SELECT COUNT(*) AS n FROM ${quote(database)}.${quote(name)}`)
      this.add(1, Number(row?.['n']) * length)
    }
  }

  /** A cell has gone through all that it should. */
  finish(): void {
    this.#cells++
  }

  add(tables: number, values: number): void {
    this.#tables += tables
    this.#values += values
  }

  /** So many columns of which something is lost were named before. */
  announce(columns: number): void {
    this.#announced += columns
  }

  /** So many values without a place were counted, each once. */
  lose(values: number): void {
    this.#lost += values
  }

  sofar(): string {
    return `${this.#tables.toLocaleString('en')} tables, ${this.#values.toLocaleString('en')} values so far`
  }

  line(start: string, cells: number, seed: number): string {
    const number = (value: number) => value.toLocaleString('en')
    const edges = VALUES.reduce((sum, { values }) => sum + values.length, 0)
    const lost = this.#announced === 0 ? '' : `; ${number(this.#announced)} narrower columns announced, ${number(this.#lost)} values without a place counted`
    return `${start}: ${this.#cells} of ${cells} cells, ${number(this.#tables)} tables, ${VALUES.length} types with ${number(edges)} edge values, ${NAMES.length} names; ${number(this.#values)} values compared, none differed${lost} (seed ${seed})`
  }
}

/** For runs that take long enough for somebody to wonder. */
export function progress(figures: Figures, done: string): void {
  process.stdout.write(`${new Date().toISOString().slice(11, 19)} ${done}: ${figures.sofar()}\n`)
}
