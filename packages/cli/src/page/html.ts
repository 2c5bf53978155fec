/** A piece of HTML; everything else is text and is escaped when it becomes part of one. */
export type Html = { readonly html: string }

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (char) => ESCAPES[char] as string)

type Part = Html | string | number | readonly Part[] | undefined

const rendered = (part: Part): string => {
  if (part === undefined) return ''
  if (typeof part === 'string' || typeof part === 'number') return escaped(String(part))
  return 'html' in part ? part.html : part.map(rendered).join('')
}

/** html`<b>${name}</b>`: what stands in the template is HTML, what is put in is text. */
export const html = (strings: TemplateStringsArray, ...parts: readonly Part[]): Html => ({
  html: strings.map((string, i) => `${string}${i < parts.length ? rendered(parts[i]) : ''}`).join(''),
})
