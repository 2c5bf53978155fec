// Writes docs/errors.md. Run it after a change to a codes.ts: node scripts/errors.ts
import { writeFile } from 'node:fs/promises'
import { errorReference, REFERENCE } from './error-reference.ts'

await writeFile(REFERENCE, await errorReference())
