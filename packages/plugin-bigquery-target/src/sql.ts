/** Names are letters, digits and `_` by the time they get here, projects apart, which may have `-`, `.` and `:`. */
export const quoteName = (...parts: readonly string[]): string => `\`${parts.join('.').replaceAll(/[`\\\n\r]/g, '')}\``

/** Text as a literal. What has control characters goes through its bytes. */
export function quoteText(text: string): string {
  if (/\p{Cc}/u.test(text)) return `SAFE_CONVERT_BYTES_TO_STRING(FROM_HEX('${Buffer.from(text).toString('hex')}'))`
  return `'${text.replaceAll(/['\\]/g, '\\$&')}'`
}

/** Text for an option of a definition, where only a plain literal may stand. */
export const quoteOption = (text: string): string =>
  `'${text.replaceAll(/['\\]/g, '\\$&').replaceAll(/\p{Cc}/gu, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)}'`
