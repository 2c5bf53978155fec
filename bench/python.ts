import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt')
const FOLDER = join(import.meta.dirname, '..', 'tmp', 'bench-python')
/** What is installed there. */
const INSTALLED = join(FOLDER, 'requirements.txt')

/** A program of one of the packages in `requirements.txt`. */
export const pythonProgram = (name: string): string => join(FOLDER, 'bin', name)

/** Installs `requirements.txt` from PyPI into tmp/bench-python, once. False where that does not work: the tools are left out then. */
export function hasPythonTools(): boolean {
  if (existsSync(INSTALLED) && readFileSync(INSTALLED, 'utf8') === readFileSync(REQUIREMENTS, 'utf8')) return true
  const installing = `python3 -m venv ${FOLDER} && ${pythonProgram('pip')} install -q -r ${REQUIREMENTS} && cp ${REQUIREMENTS} ${INSTALLED}`
  return spawnSync('bash', ['-c', installing], { stdio: 'inherit' }).status === 0
}
