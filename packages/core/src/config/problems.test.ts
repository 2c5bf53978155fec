import { expect, it } from 'vitest'
import { nearest, type Problem, problemsError, quote } from './problems.ts'

const problem = (code: Problem['code'], message: string, severity: Problem['severity'] = 'error'): Problem => ({ code, severity, message })

it('puts all errors into one', () => {
  expect(problemsError([problem('CONFIG_VALUE', 'a', 'warning')])).toBeUndefined()
  expect(problemsError([problem('CONFIG_VALUE', 'a')])).toMatchObject({ code: 'CONFIG_VALUE', message: 'a', kind: 'config' })
  expect(problemsError([problem('CONFIG_VALUE', 'a'), problem('CONFIG_JSON', 'b')])).toMatchObject({
    code: 'CONFIG_INVALID',
    message: '2 problems in the configuration:\n  a\n  b',
  })
  const many = problemsError(Array.from({ length: 100 }, (_, index) => problem('CONFIG_VALUE', `p${index}`)))
  expect(many?.message.split('\n')).toHaveLength(22)
  expect(many?.message).toContain('and 80 more')
})

it('finds the name that was meant, and none for a stranger', () => {
  expect(nearest('batchsize', ['batch_size', 'db_host'])).toBe('batch_size')
  expect(nearest('DB_HOST', ['db_host'])).toBe('db_host')
  expect(nearest('zebra', ['batch_size', 'db_host'])).toBeUndefined()
})

it('prints hostile names in one harmless line', () => {
  expect(quote('a\nb\u001b[31m\u202e')).toBe('`a\\u000ab\\u001b[31m\\u202e`')
  expect(quote('x'.repeat(500)).length).toBeLessThan(100)
})
