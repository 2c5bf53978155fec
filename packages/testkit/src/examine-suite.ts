import type { Finding } from '@dbsync/core/plugin'
import { expect } from 'vitest'

const LEVELS: readonly Finding['level'][] = ['ok', 'note', 'warning', 'failure', 'unchecked']

/** Findings can be shown, and sent as JSON: each says what was looked at, and what is to be known of it. */
export function expectFindings(findings: readonly Finding[]): void {
  for (const { level, id, message } of findings) {
    expect(LEVELS).toContain(level)
    expect(id).toMatch(/^\S+$/)
    expect(message).toMatch(/\S/)
  }
  expect(JSON.parse(JSON.stringify(findings))).toEqual(findings)
}
