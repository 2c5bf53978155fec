import { printable } from '../printable.ts'

/** What oclif is about to install: from the registry, with a version or a tag such as `latest`, or from a repository. */
type Wanted = { readonly type: 'npm'; readonly name: string; readonly scope?: string; readonly tag: string } | { readonly type: 'repo'; readonly url: string }

/** Says what is trusted, before anything is fetched. */
export default async function warnOfPlugin({ plugin }: { readonly plugin: Wanted }): Promise<void> {
  if (process.argv.includes('--json')) return
  for (const line of warningsOf(plugin)) process.stderr.write(`warning: ${line}\n`)
}

export function warningsOf(plugin: Wanted): readonly string[] {
  const name = printable(plugin.type === 'npm' ? plugin.name : plugin.url)
  const trust = `${name} will run with your rights and be given the passwords of its settings. Install only what you trust.`
  // A packed one on this machine is what it is.
  if (plugin.type === 'repo' && plugin.url.startsWith('file:')) return [trust]
  if (plugin.type === 'repo') return [trust, 'A repository may hold something else tomorrow. Name a commit: URL#COMMIT.']
  if (/^\d+\.\d+\.\d+/.test(plugin.tag)) return [trust]
  return [trust, `"${printable(plugin.tag)}" may be something else tomorrow. Name a version: dbsync plugins install ${name}@1.2.3`]
}
