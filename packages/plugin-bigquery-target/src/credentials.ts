import { readFile } from 'node:fs/promises'
import { SyncError } from '@dbsync/core/plugin'
import type { JWT } from 'google-auth-library'
import type { Settings } from './settings.ts'

export type Credentials = {
  readonly project: string
  /** The headers that let a request through; `undefined`: it needs none. */
  readonly authorize: () => Promise<Headers | undefined>
}

/** What says who we are, and the project that goes with it. Throws `BIGQUERY_AUTH` and `BIGQUERY_OPTIONS`. */
export async function openCredentials({ auth, project, keyFile }: Settings, endpoint: string): Promise<Credentials> {
  if (auth === 'none') return { project: project ?? '', authorize: async () => undefined }
  const { BigQuery } = await import('@google-cloud/bigquery')
  const key = keyFile === undefined ? undefined : await accountOf(keyFile)
  const projectId = project ?? key?.projectId ?? undefined
  const client = new BigQuery({ ...(projectId === undefined ? {} : { projectId }), ...(key === undefined ? {} : { authClient: key }) })
  const ask = async <T>(question: () => Promise<T>): Promise<T> => {
    try {
      return await question()
    } catch (error) {
      throw notAuthorized(error)
    }
  }
  return {
    project: projectId ?? (await ask(() => client.authClient.getProjectId())),
    authorize: () => ask(() => client.authClient.getRequestHeaders(endpoint)),
  }
}

/** The account of a file that Google gave out for it. */
async function accountOf(keyFile: string): Promise<JWT> {
  const { JWT } = await import('google-auth-library')
  let account: Readonly<Record<string, unknown>>
  try {
    account = JSON.parse(await readFile(keyFile, 'utf8')) as Readonly<Record<string, unknown>>
  } catch (error) {
    throw wrongKey(keyFile, `cannot be read: ${error instanceof SyntaxError ? 'it is not JSON' : reasonOf(error)}`)
  }
  const { type, client_email: email, private_key: key, project_id: projectId } = account
  if (type !== 'service_account' || typeof email !== 'string' || typeof key !== 'string') throw wrongKey(keyFile, 'is not the file of a service account')
  const jwt = new JWT({ email, key, scopes: ['https://www.googleapis.com/auth/bigquery'] })
  jwt.projectId = typeof projectId === 'string' ? projectId : null
  return jwt
}

const wrongKey = (keyFile: string, what: string): SyncError =>
  new SyncError('BIGQUERY_OPTIONS', `BigQuery: key_file ${keyFile} ${what}.`, {
    kind: 'config',
    hint: 'Use the JSON file of a service account. For other kinds of credentials leave key_file out and set GOOGLE_APPLICATION_CREDENTIALS.',
  })

const notAuthorized = (error: unknown): SyncError =>
  new SyncError('BIGQUERY_AUTH', `BigQuery: no usable credentials: ${reasonOf(error)}`, {
    kind: 'connection',
    hint: 'Run `gcloud auth application-default login`, or set key_file to the file of a service account; and set project.',
    cause: error,
  })

export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  // Of a name with several addresses none answered: the first one says why.
  if (error instanceof AggregateError && error.message === '') return reasonOf(error.errors[0])
  const { cause } = error
  return cause instanceof Error && !error.message.includes(cause.message) ? `${error.message}: ${cause.message}` : error.message
}
