import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const read = (name: string) => readFile(join(import.meta.dirname, name), 'utf8')
const page = await read('../writing-a-plugin.md')

/** The blocks of the page that are written in this language. */
const blocks = (language: string): string[] => [...page.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))].map(([, code = '']) => code)

const indented = (code: string, by: number) => code.replaceAll(/^(?=.)/gm, ' '.repeat(by))

it('the page shows the code as it is', async () => {
  const files = (await readdir(import.meta.dirname)).filter((name) => /\.[jt]s$/.test(name))
  const sources = await Promise.all(files.map(read))
  const shown = [...blocks('js'), ...blocks('ts')].filter((code) => !code.includes("from '@dbsync/testkit'"))
  expect(shown.length).toBeGreaterThan(10)
  const isThere = (code: string) => [0, 2, 4, 6, 8].some((by) => sources.some((source) => `\n${source}`.includes(`\n${indented(code, by)}`)))
  expect(shown.filter((code) => !isThere(code))).toEqual([])
})

it('the page shows what package.json says', async () => {
  const [manifest = ''] = blocks('json').filter((code) => code.includes('oclif'))
  expect(JSON.parse(await read('package.json'))).toMatchObject(JSON.parse(manifest))
})
