import { expect, it } from 'vitest'
import type { OptionSpec } from '../contract/provider.ts'
import { checkOptions } from './options.ts'

const options: readonly OptionSpec[] = [
  { name: 'host', kind: 'string', description: 'Host name.', required: true },
  { name: 'port', kind: 'number', description: 'Port.', required: true, default: 1 },
  { name: 'password', kind: 'secret', description: 'Password.' },
  { name: 'mode', kind: 'string', description: 'Mode.', choices: ['fast', 'safe'] },
  { name: 'ssl', kind: 'object', description: 'TLS.' },
  { name: 'compress', kind: 'boolean', description: 'Compress.' },
]
const check = (values: Record<string, unknown>) => checkOptions({ type: 'x', options }, values, 'Target `copy`').map(({ code, message }) => [code, message])

it('accepts what the plugin declares', () => {
  expect(check({ host: 'h', port: 2, password: 'env:P', mode: 'fast', ssl: {}, compress: true })).toEqual([])
})

it('names what is missing, unknown or of the wrong kind, without values', () => {
  expect(check({ hosst: 'h', port: 'x', password: 5, mode: 'slow', ssl: [], compress: 'yes' })).toEqual([
    ['CONFIG_UNKNOWN_KEY', 'Target `copy`: x has no option `hosst`: did you mean `host`?'],
    ['CONFIG_OPTION', 'Target `copy`: the option `host` is missing.'],
    ['CONFIG_OPTION', 'Target `copy`: the option `port` must be a number.'],
    ['CONFIG_OPTION', 'Target `copy`: the option `password` must be text.'],
    ['CONFIG_OPTION', 'Target `copy`: the option `mode` must be one of fast, safe.'],
    ['CONFIG_OPTION', 'Target `copy`: the option `ssl` must be an object.'],
    ['CONFIG_OPTION', 'Target `copy`: the option `compress` must be true or false.'],
  ])
})

it('is not fooled by names of Object.prototype', () => {
  expect(checkOptions({ type: 'x', options: [{ name: 'toString', kind: 'string', description: '', required: true }] }, {}, 'T')).toHaveLength(1)
  expect(check({ host: 'h', constructor: 1 })).toEqual([['CONFIG_UNKNOWN_KEY', 'Target `copy`: x has no option `constructor`.']])
})
