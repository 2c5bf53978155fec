// Writes the references in docs/ that are made from the code: node scripts/docs.ts
import { writeFile } from 'node:fs/promises'
import { COMMAND_REFERENCE, commandReference } from './command-reference.ts'
import { CONFIGURATION, configurationReference } from './configuration-reference.ts'
import { errorReference, REFERENCE } from './error-reference.ts'

await writeFile(REFERENCE, await errorReference())
await writeFile(CONFIGURATION, await configurationReference())
await writeFile(COMMAND_REFERENCE, await commandReference())
