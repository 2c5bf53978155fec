import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

type Described = { readonly name: string; readonly version: string; readonly license?: string }

/** The licences of the packages in these folders, one after the other, for the file that goes along with their code. */
export function thirdPartyNotices(folders: Iterable<string>): string {
  const notices = [...folders].map((folder) => {
    const { name, version, license = 'see below' } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Described
    const file = readdirSync(folder).find((candidate) => /^(licen[cs]e|copying)/i.test(candidate))
    const text = file === undefined ? `Licence: ${license}` : readFileSync(join(folder, file), 'utf8').trim()
    return { title: `${name} ${version} (${license})`, text }
  })
  const unique = new Map(notices.map(({ title, text }) => [title, text]))
  const sorted = [...unique].sort(([a], [b]) => (a < b ? -1 : 1))
  return `dbsync contains code of these packages.\n${sorted.map(([title, text]) => `\n${'-'.repeat(80)}\n${title}\n\n${text}\n`).join('')}`
}
