import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type LoadedConfig, loadConfig } from '@dbsync/core'
import type { Answers } from './answers.ts'
import type { Desk } from './desk.ts'
import { documents } from './documents.ts'
import type { InitFile, InitFiles } from './files.ts'
import { jobName } from './questions/habits.ts'
import type { FileDraft } from './write-files.ts'

/** The texts that answers change, as they are. */
export type Texts = { readonly params: string | undefined; readonly sync: string | undefined; readonly env: string | undefined }

export async function readTexts(cwd: string, { params, sync }: InitFiles): Promise<Texts> {
  const read = async (name: string | undefined) =>
    name !== undefined && existsSync(resolve(cwd, name)) ? await readFile(resolve(cwd, name), 'utf8') : undefined
  return { params: await read(params.begins), sync: await read(sync.begins), env: await read('.env') }
}

/** What would be written, and what a run would make of it. */
export type Draft = { readonly files: readonly FileDraft[]; readonly loaded: () => Promise<LoadedConfig>; readonly overruled: readonly string[] }

/** `schemas`: the folder of the schemas of the two files. */
export function draftsOf(answers: Answers, desk: Desk, texts: Texts, files: InitFiles, schemas: string): Draft {
  const { existing, cwd, env } = desk
  const drafts = documents(answers, { ...texts, ...existing, schemas: schemaPaths(schemas, cwd), jobName: jobName(desk) })
  const plain = [answers.password, ...answers.targets.flatMap(({ secrets }) => [...secrets.values()])].some(({ kind }) => kind === 'plain')
  const draft = (name: string, before: string | undefined, text: string | undefined, secret: boolean): readonly FileDraft[] =>
    text === undefined ? [] : [{ path: resolve(cwd, name), name, before, text, secret }]
  const unlessNew = ({ writes, begins }: InitFile, text: string | undefined) => (writes === begins ? text : undefined)
  return {
    files: [
      ...draft('.env', texts.env, drafts.env, true),
      ...draft(files.sync.writes, unlessNew(files.sync, texts.sync), drafts.sync, false),
      ...draft(files.params.writes, unlessNew(files.params, texts.params), drafts.params, plain),
    ],
    loaded: () =>
      loadConfig({
        cwd,
        env,
        flags: {},
        paramsPath: files.params.writes,
        configPath: files.sync.writes,
        unwritten: {
          params: drafts.params,
          config: drafts.sync ?? '{}',
          ...(drafts.env === undefined ? {} : { env: drafts.env }),
        },
      }),
    overruled: drafts.overruled,
  }
}

/** Within the folder as a relative path, which a repository may hold; else as an address of this machine. */
function schemaPaths(folder: string, cwd: string): { readonly params: string; readonly sync: string } {
  const path = (name: string) => {
    const inside = relative(cwd, join(folder, name))
    return inside.startsWith('..') ? pathToFileURL(join(folder, name)).href : `./${inside}`
  }
  return { params: path('params.schema.json'), sync: path('sync-config.schema.json') }
}
