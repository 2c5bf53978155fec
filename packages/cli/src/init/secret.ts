import { SyncError } from '@dbsync/core/plugin'
import { printable } from '../printable.ts'
import { NO_SECRET, type Secret } from './answers.ts'
import { type Desk, revealed, tellError } from './desk.ts'
import type { Choice, Prompts } from './prompts.ts'
import { filled } from './question.ts'

type Way = 'keep' | 'env-file' | 'env' | 'file' | 'cmd' | 'plain' | 'none'

/** Asks where a secret comes from until it can be had. `about`: "the password of the source". `kept`: what the files say of it now. */
export async function askSecret(prompts: Prompts, desk: Desk, about: string, kept: Secret | undefined): Promise<Secret> {
  for (;;) {
    const secret = await askOnce(prompts, about, kept, desk.loginRefused === true)
    try {
      await revealed(desk, secret, about)
      if (secret.kind === 'plain') desk.tell('! Whoever can read params.json can read it there. .env is no safer in a repository: keep both out of it.')
      return secret
    } catch (error) {
      if (!SyncError.is(error) || error.kind === 'cancelled') throw error
      tellError(error, desk)
    }
  }
}

async function askOnce(prompts: Prompts, about: string, kept: Secret | undefined, refused: boolean): Promise<Secret> {
  const known = kept !== undefined && kept.kind !== 'none'
  const choices: readonly Choice<Way>[] = [
    ...(known ? [{ value: 'keep' as const, name: `Keep it as it is (${shown(kept)})` }] : []),
    { value: 'env-file', name: 'I type it, and it goes into .env (which only you may read)' },
    { value: 'env', name: 'In an environment variable' },
    { value: 'file', name: 'In a file of its own' },
    { value: 'cmd', name: 'A command prints it (a secret manager)' },
    { value: 'none', name: 'There is none' },
    { value: 'plain', name: 'I type it, and it stands in params.json (not advised)' },
  ]
  // Enter must not try the same wrong password again.
  const typed = refused && (kept?.kind === 'env-file' || kept?.kind === 'plain') ? kept.kind : undefined
  const way = await prompts.one(`Where is ${about}?`, choices, typed)
  switch (way) {
    case 'keep':
      return kept ?? NO_SECRET
    case 'none':
      return NO_SECRET
    case 'env-file':
    case 'plain':
      return { kind: way, value: await prompts.secret(`${about.charAt(0).toUpperCase()}${about.slice(1)}`) }
    case 'env':
      return { kind: 'reference', reference: `env:${await prompts.text('Name of the variable', { check: filled })}` }
    case 'file':
      return { kind: 'reference', reference: `file:${await prompts.text('Path of the file', { check: filled })}` }
    case 'cmd':
      return { kind: 'reference', reference: `cmd:${await prompts.text('Command', { check: filled })}` }
  }
}

function shown(secret: Secret): string {
  if (secret.kind !== 'reference') return 'typed before'
  return /^(env|file):/.test(secret.reference) ? printable(secret.reference) : secret.reference.startsWith('cmd:') ? 'a command' : 'plain text'
}

/** A secret that a flag or an address gives: a reference stays one, what is plain goes where `--secrets` says. */
export const givenSecret = (desk: Desk, text: string): Secret =>
  text === '' ? NO_SECRET : /^(env|file|cmd):/.test(text) ? { kind: 'reference', reference: text } : { kind: desk.secretsGo, value: text }
