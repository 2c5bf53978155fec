import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { editorSchemas } from './json-schema.ts'

it.each(Object.entries(editorSchemas()))('%s is what schema.ts says: else run node packages/core/scripts/schemas.ts', async (name, text) => {
  expect(await readFile(new URL(`../../schemas/${name}`, import.meta.url), 'utf8')).toBe(text)
})

it('allows no key that the files do not have, and text for numbers', () => {
  const schema = JSON.parse(editorSchemas()['params.schema.json'] ?? '{}')
  expect(schema.additionalProperties).toBe(false)
  expect(schema.properties.$schema).toBeDefined()
  expect(schema.properties.db_port.anyOf).toHaveLength(2)
})
