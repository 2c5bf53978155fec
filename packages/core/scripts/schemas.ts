// Writes the JSON Schemas for editors. Run it after a change to src/config/schema.ts: node packages/core/scripts/schemas.ts
import { mkdir, writeFile } from 'node:fs/promises'
import { editorSchemas } from '../src/config/json-schema.ts'

const folder = new URL('../schemas/', import.meta.url)
await mkdir(folder, { recursive: true })
for (const [name, text] of Object.entries(editorSchemas())) await writeFile(new URL(name, folder), text)
