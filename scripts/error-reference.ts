import { globSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const ROOT = join(import.meta.dirname, '..')

/** The tables of codes, in the order of the page. A new `codes.ts` must get a heading here. */
const SECTIONS: readonly { readonly heading: string; readonly file: string }[] = [
  { heading: 'Configuration', file: 'packages/core/src/config/codes.ts' },
  { heading: 'Planning, running and state', file: 'packages/core/src/errors/codes.ts' },
  { heading: 'MySQL and MariaDB connections', file: 'packages/mysql/src/codes.ts' },
  { heading: 'MySQL and MariaDB target', file: 'packages/plugin-mysql-target/src/codes.ts' },
  { heading: 'Warehouses', file: 'packages/warehouse/src/codes.ts' },
  { heading: 'BigQuery target', file: 'packages/plugin-bigquery-target/src/codes.ts' },
  { heading: 'DuckDB target', file: 'packages/plugin-duckdb-target/src/codes.ts' },
  { heading: 'State files', file: 'packages/plugin-state-json/src/codes.ts' },
  { heading: 'Command line and plugins', file: 'packages/cli/src/codes.ts' },
]

export const REFERENCE = join(ROOT, 'docs', 'errors.md')

const INTRODUCTION = `# Errors

<!-- Made from the codes.ts files of the packages: change them there, then run \`node scripts/docs.ts\`. -->

Every error has a message (what happened, and to which table), most have a next step, and all have a code. The next step is part of the
output: it names the exact GRANT, setting or command where there is one. With \`--json\` the same stands under \`error\` (\`code\`, \`kind\`,
\`message\`, \`hint\`), and for a single table under \`report.tables[].error\`.

What ends the whole command decides the exit code by its kind:

| Kind                                   | Exit code  | Meaning                                                           |
| -------------------------------------- | ---------- | ----------------------------------------------------------------- |
| \`config\`                               | 2          | The command line or the configuration is wrong.                   |
| \`connection\`, \`privilege\`, \`transient\` | 3          | Nothing could start: no connection, no login, or a missing right. |
| \`locked\`                               | 4          | Another run holds the lock.                                       |
| \`data\`, \`refused\`                      | 1          | A value or a definition does not fit.                             |
| \`cancelled\`                            | 130 or 143 | SIGINT or SIGTERM stopped it.                                     |
| \`bug\`                                  | 70         | A fault of dbsync or of a plugin.                                 |

What happens to one table fails that table only. The others go on, and the run ends with exit code 1. An error of the kind \`transient\` is
tried again first (\`max_retries\`, \`retry_delay\`).
`

/** `docs/errors.md` as it should be. */
export async function errorReference(): Promise<string> {
  const sections = await Promise.all(SECTIONS.map(async ({ heading, file }) => sectionText(heading, await codesIn(file))))
  return [INTRODUCTION, ...sections].join('\n')
}

/** Faults of the declarations: a table without a heading, a code in two tables, a code that is thrown and declared nowhere. */
export async function undeclared(): Promise<readonly string[]> {
  const faults = sourceFiles('codes.ts')
    .filter((file) => !SECTIONS.some((section) => section.file === file))
    .map((file) => `${file} has no heading in scripts/error-reference.ts`)
  const declared = new Map<string, string>()
  for (const { file } of SECTIONS) {
    for (const code of Object.keys(await codesIn(file))) {
      const other = declared.get(code)
      if (other !== undefined) faults.push(`${code} is declared in ${other} and in ${file}`)
      declared.set(code, file)
    }
  }
  for (const file of sourceFiles('*.ts')) {
    for (const code of thrownCodes(await readFile(join(ROOT, file), 'utf8'))) {
      if (!declared.has(code)) faults.push(`${code} is thrown in ${file} and declared in no codes.ts`)
    }
  }
  return faults
}

const sectionText = (heading: string, codes: Readonly<Record<string, string>>): string =>
  [`## ${heading}`, '', ...Object.entries(codes).map(([code, meaning]) => `- **\`${code}\`** ${meaning}`), ''].join('\n')

/** The one table that a `codes.ts` exports. */
async function codesIn(file: string): Promise<Readonly<Record<string, string>>> {
  const exported = (await import(pathToFileURL(join(ROOT, file)).href)) as Readonly<Record<string, Readonly<Record<string, string>>>>
  const [codes, ...others] = Object.values(exported)
  if (codes === undefined || others.length > 0) throw new Error(`${file} must export one table of codes`)
  return codes
}

/** Sources that are shipped: no tests, and not the in-memory plugins, which are the engine's doubles. */
function sourceFiles(name: string): readonly string[] {
  return globSync(`packages/*/src/**/${name}`, { cwd: ROOT })
    .filter((file) => !/\.test\.ts$|\/testing\.ts$|\/memory\/|^packages\/testkit\//.test(file))
    .sort()
}

function thrownCodes(text: string): readonly string[] {
  return [...text.matchAll(/new SyncError\(\s*'([A-Z][A-Z0-9_]+)'|\bcode: '([A-Z][A-Z0-9_]+)',\s*(?:kind|severity):/g)].map(
    ([, thrown, given]) => thrown ?? given ?? '',
  )
}
