import { expect, test } from 'vitest'
import { failureOf, retryable, syncError } from './failures.ts'

const answer = (status: number, reason?: string, message = 'no') =>
  failureOf(status, JSON.stringify({ error: { message, ...(reason === undefined ? {} : { errors: [{ reason }] }) } }))

test.each([
  [0, undefined, '', 'request'],
  [408, undefined, '', 'request'],
  [429, undefined, '', 'request'],
  [500, undefined, '', 'request'],
  [503, 'backendError', '', 'request'],
  [400, 'internalError', '', 'request'],
  [403, 'rateLimitExceeded', '', 'busy'],
  [403, 'userRateLimitExceeded', '', 'busy'],
  [403, 'quotaExceeded', 'Exceeded rate limits: too many table update operations', 'busy'],
  [403, 'quotaExceeded', 'Your project exceeded quota for free query bytes scanned', undefined],
  [400, 'invalidQuery', 'Could not serialize access to table t due to concurrent update', 'busy'],
  [400, 'jobBackendError', '', 'job'],
  [400, 'jobRateLimitExceeded', '', 'job'],
  [400, 'invalidQuery', 'Syntax error', undefined],
  [401, 'authError', '', undefined],
  [403, 'accessDenied', '', undefined],
  [404, 'notFound', '', undefined],
] as const)('status %s, %s %j: tried again as %s', (status, reason, message, how) => {
  expect(retryable(answer(status, reason, message))).toBe(how)
})

test('an answer that is no JSON is shown in part, and a right that is missing is named', () => {
  expect(failureOf(502, '<html>Bad gateway</html>')).toMatchObject({ status: 502, reason: '', message: '<html>Bad gateway</html>' })
  expect(failureOf(502, '').message).toBe('HTTP status 502')
  const denied = syncError(answer(403, 'accessDenied', 'User does not have bigquery.tables.updateData permission'), 'loading')
  expect(denied).toMatchObject({ code: 'BIGQUERY_PRIVILEGE', kind: 'privilege', hint: expect.stringContaining('dataEditor') })
})
