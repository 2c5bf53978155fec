// Writes what is made from the code, the references in docs/ and the schemas of the output: node scripts/docs.ts
import { writeFile } from 'node:fs/promises'
import { COMMAND_REFERENCE, commandReference } from './command-reference.ts'
import { CONFIGURATION, configurationReference } from './configuration-reference.ts'
import { errorReference, REFERENCE } from './error-reference.ts'
import { writeOutputSchemas } from './output-schemas.ts'

await writeFile(REFERENCE, await errorReference())
await writeFile(CONFIGURATION, await configurationReference())
await writeFile(COMMAND_REFERENCE, await commandReference())
await writeOutputSchemas()
