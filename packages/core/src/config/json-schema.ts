import { z } from 'zod'
import { paramsSchema, syncConfigSchema } from './schema.ts'

/** The JSON Schemas for editors, by file name: what `packages/core/schemas` holds. */
export function editorSchemas(): Readonly<Record<string, string>> {
  const text = (schema: z.ZodType) => `${JSON.stringify(z.toJSONSchema(schema, { io: 'input', target: 'draft-7' }), null, 2)}\n`
  return { 'params.schema.json': text(paramsSchema), 'sync-config.schema.json': text(syncConfigSchema) }
}
