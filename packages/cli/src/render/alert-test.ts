import type { AlertTestOutcome } from '../services/alert-test.ts'
import { answersText } from './schedule.ts'

export function alertTestText({ answers }: AlertTestOutcome): string {
  if (answers.length === 0) return 'No alert is configured: there is nothing under `alerts` in sync-config.json.'
  return answersText(answers).join('\n')
}
