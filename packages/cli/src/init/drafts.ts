import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type LoadedConfig, loadConfig } from '@dbsync/core'
import type { Answers } from './answers.ts'
import type { Desk } from './desk.ts'
import { documents } from './documents.ts'
import { jobName } from './questions/habits.ts'
import type { FileDraft } from './write-files.ts'

/** The files as they are, by their names from the folder. */
export type Texts = { readonly params: string | undefined; readonly sync: string | undefined; readonly env: string | undefined; readonly names: Names }
type Names = { readonly params: string; readonly sync: string }

export async function readTexts(cwd: string): Promise<Texts> {
  // As a run finds them: an old project has them in `scripts`.
  const place = (name: string) => [name, join('scripts', name)].find((file) => existsSync(join(cwd, file))) ?? name
  const names = { params: place('params.json'), sync: place('sync-config.json') }
  const read = (name: string) => (existsSync(join(cwd, name)) ? readFile(join(cwd, name), 'utf8') : undefined)
  return { params: await read(names.params), sync: await read(names.sync), env: await read('.env'), names }
}

/** What would be written, and what a run would make of it. */
export type Draft = { readonly files: readonly FileDraft[]; readonly loaded: () => Promise<LoadedConfig>; readonly overruled: readonly string[] }

/** `schemas`: the folder of the schemas of the two files. */
export function draftsOf(answers: Answers, desk: Desk, texts: Texts, schemas: string): Draft {
  const { existing, cwd, env } = desk
  const drafts = documents(answers, { ...texts, ...existing, schemas: schemaPaths(schemas, cwd), jobName: jobName(desk) })
  const plain = [answers.password, ...answers.targets.flatMap(({ secrets }) => [...secrets.values()])].some(({ kind }) => kind === 'plain')
  const draft = (name: string, before: string | undefined, text: string | undefined, secret: boolean): readonly FileDraft[] =>
    text === undefined ? [] : [{ path: join(cwd, name), name, before, text, secret }]
  return {
    files: [
      ...draft('.env', texts.env, drafts.env, true),
      ...draft(texts.names.sync, texts.sync, drafts.sync, false),
      ...draft(texts.names.params, texts.params, drafts.params, plain),
    ],
    loaded: () =>
      loadConfig({
        cwd,
        env,
        flags: {},
        paramsPath: texts.names.params,
        configPath: texts.names.sync,
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
