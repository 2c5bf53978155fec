import { stripVTControlCharacters } from 'node:util'
import { Command } from '@oclif/core/command'
import * as Flags from '@oclif/core/flags'
import type { Failure } from './failure.ts'
import type { ProjectFlags } from './load-project.ts'
import { printable, printableJson } from './printable.ts'
import { profileFiles } from './profile.ts'
import type { Session } from './session.ts'

/** Flags of every command that reads the configuration. */
export const projectFlags = {
  params: Flags.string({ summary: 'File with the connections.', helpValue: 'FILE', helpGroup: 'CONFIGURATION' }),
  config: Flags.string({ summary: 'File with the behaviour.', helpValue: 'FILE', helpGroup: 'CONFIGURATION' }),
  profile: Flags.string({
    summary: 'Read params.NAME.json and sync-config.NAME.json, where they are, instead of the plain ones.',
    helpValue: 'NAME',
    helpGroup: 'CONFIGURATION',
    env: 'DBSYNC_PROFILE',
  }),
}

/** What all commands share: `--json`, signals, and errors that end in an exit code, a message and a next step. */
export abstract class BaseCommand extends Command {
  static override enableJsonFlag = true

  #session: Session | undefined
  readonly #crashed = (error: unknown): void => void this.#tell(error).then(({ exit }) => process.exit(exit))

  protected override async init(): Promise<void> {
    await super.init()
    // What nobody awaited: without this, Node prints a stack that may hold a secret and exits with 1, "some tables failed".
    process.once('uncaughtException', this.#crashed)
  }

  /** Interrupts and secrets of this command; made when first asked for. */
  protected async session(): Promise<Session> {
    if (this.#session === undefined) {
      const { interruptible } = await import('./signals.ts')
      this.#session = { interrupt: interruptible(), secrets: new Set() }
    }
    return this.#session
  }

  /** Throws `NO_SUCH_PROFILE`. */
  protected projectFlags({ params, config, profile }: { readonly [name in keyof typeof projectFlags]?: string | undefined }): ProjectFlags {
    const cwd = process.cwd()
    const files = profile === undefined ? undefined : profileFiles(cwd, profile)
    return { cwd, env: process.env, paramsPath: params ?? files?.params, configPath: config ?? files?.config, overrides: {} }
  }

  /** Anything that is about to be shown, without the secrets that this command has met. */
  protected async redacted<T>(value: T): Promise<T> {
    const { redactor } = await import('@dbsync/core')
    const { redactTexts } = await import('./redact-texts.ts')
    return redactTexts(value, redactor([...(this.#session?.secrets ?? [])]))
  }

  /** Programs read it, and people look at it in a terminal. */
  override logJson(json: unknown): void {
    process.stdout.write(`${printableJson(JSON.stringify(json, null, 2))}\n`)
  }

  /** What people see on stdout. With `--json` nobody does, and it is not even made. */
  protected async show(text: () => string | Promise<string>): Promise<void> {
    if (this.jsonEnabled()) return
    const { fit } = await import('./render/fit.ts')
    this.log(fit(await this.redacted(await text()), process.stdout.columns))
  }

  /** A warning for people: on stderr, as data stays on stdout; `--json` carries warnings itself. */
  protected async warning(message: string): Promise<void> {
    this.logToStderr(`warning: ${printable(await this.redacted(message))}`)
  }

  protected override async catch(error: unknown): Promise<void> {
    const { isOclifError } = await import('./failure.ts')
    if (isOclifError(error) && !this.jsonEnabled()) {
      // It repeats what was typed, or pasted.
      error.message = stripVTControlCharacters(error.message).split('\n').map(printable).join('\n')
      throw error
    }
    const { exit } = await this.#tell(error)
    if (!this.jsonEnabled()) this.exit(exit)
  }

  protected override async finally(): Promise<void> {
    process.off('uncaughtException', this.#crashed)
    this.#session?.interrupt[Symbol.dispose]()
    this.#session?.log?.close()
  }

  /** Says what went wrong, to a program on stdout, to people on stderr, and sets the exit code. */
  async #tell(error: unknown): Promise<Failure> {
    const { describeFailure } = await import('./failure.ts')
    const { redactor } = await import('@dbsync/core')
    const session = this.#session
    const failure = describeFailure(error, {
      redact: redactor([...(session?.secrets ?? [])]),
      received: session?.interrupt.received(),
      logPath: session?.log?.path,
    })
    process.exitCode = failure.exit
    session?.log?.failure(error)
    if (this.jsonEnabled()) this.logJson({ error: failure.json })
    else {
      const { fit } = await import('./render/fit.ts')
      process.stderr.write(`${fit(failure.text, process.stderr.columns)}\n`)
    }
    return failure
  }
}
