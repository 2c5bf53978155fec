import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

it('loads no schema and no parser before a configuration is read', async () => {
  const script = `
    import { registerHooks } from 'node:module'
    const loaded = []
    registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) })
    await import(${JSON.stringify(new URL('../index.ts', import.meta.url).href)})
    console.log(JSON.stringify(loaded))`
  const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=dbsync-source', '--input-type=module', '-e', script])
  const loaded = JSON.parse(stdout) as string[]
  expect(loaded.some((url) => url.endsWith('/config/load.ts'))).toBe(true)
  expect(loaded.filter((url) => /\/(zod|jsonc-parser)\//.test(url))).toEqual([])
})
