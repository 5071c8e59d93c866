import { describe, expect, test } from 'vitest'
import type { OptionTable } from '../option-table.js'
import { readOptions } from './option-reader.js'

const table = {
  directory: { type: 'text', description: 'where', required: true, from: 'path' },
  brokers: { type: 'texts', description: 'hosts' },
  segmentBytes: { type: 'integer', description: 'size', default: 64, min: 16, max: 1024 },
  tls: { type: 'boolean', description: 'encrypt', default: false },
  password: { type: 'text', description: 'secret', secret: true },
  client: { type: 'value', description: 'ready made' },
  hosts: { type: 'hosts', description: 'servers' },
  mode: { type: 'text', allowed: ['fast', 'safe', 'both'], description: 'how' },
  batchBytes: { type: 'integer', unit: 'bytes', min: 1024, description: 'size' },
  pollMs: { type: 'integer', unit: 'milliseconds', max: 5000, description: 'how often' },
  call: {
    type: 'value',
    accepts: { rule: 'a function', test: (x) => typeof x === 'function' },
    description: '',
  },
} as const satisfies OptionTable

const read = (given: unknown) => readOptions(table, given, 'backend "test"')

describe('readOptions', () => {
  test('defaults are filled in, undefined is absent, lists are copied', () => {
    const brokers = ['a:1']
    const options = read({ directory: 'd', brokers, password: undefined })
    expect(options).toEqual({ directory: 'd', brokers: ['a:1'], segmentBytes: 64, tls: false })
    expect(options.brokers).not.toBe(brokers)
    const client = { connected: true }
    expect(read({ directory: 'd', client }).client).toBe(client)
    const accepted = { hosts: ['a', '[::1]:2'], mode: 'safe', batchBytes: 1024, pollMs: 0, call: read }
    expect(read({ directory: 'd', ...accepted })).toMatchObject(accepted)
  })

  test.each<[unknown, string]>([
    [undefined, 'an object'],
    [null, 'an object'],
    ['text', 'an object'],
    [['list'], 'an object'],
    [{}, 'The option "directory" of backend "test" is missing. where'],
    [{ directory: '' }, 'non-empty text'],
    [{ directory: 4 }, 'must be non-empty text, got 4'],
    [{ directory: 'd', brokers: 'a:1' }, 'a non-empty list'],
    [{ directory: 'd', brokers: [] }, 'a non-empty list'],
    [{ directory: 'd', brokers: ['a', ''] }, 'a non-empty list'],
    [{ directory: 'd', segmentBytes: 15 }, 'an integer from 16 to 1024, got 15'],
    [{ directory: 'd', segmentBytes: 1025 }, 'from 16 to 1024'],
    [{ directory: 'd', segmentBytes: 20.5 }, 'from 16 to 1024'],
    [{ directory: 'd', segmentBytes: '64' }, 'from 16 to 1024'],
    [{ directory: 'd', segmentBytes: Number.NaN }, 'from 16 to 1024'],
    [{ directory: 'd', tls: 'true' }, 'true or false'],
    [
      { directory: 'd', mode: 'fats' },
      'The option "mode" of backend "test" must be "fast", "safe" or "both", got "fats"',
    ],
    [{ directory: 'd', mode: 5 }, 'must be "fast", "safe" or "both", got 5'],
    [{ directory: 'd', batchBytes: 5 }, 'must be an integer of at least 1024 (1 KiB), in bytes, got 5'],
    [{ directory: 'd', pollMs: 5001 }, 'must be an integer of at most 5000, in milliseconds, got 5001'],
    [
      { directory: 'd', call: {} },
      'The option "call" of backend "test" must be a function, got an object (Object)',
    ],
    [{ directory: 'd', hosts: [] }, 'a non-empty list of hosts'],
    [{ directory: 'd', hosts: 'a:1' }, 'a non-empty list of hosts'],
    [
      { directory: 'd', hosts: ['a:1', 'b:0'] },
      'each name, name:port or [IPv6]:port, with a port from 1 to 65535, got "b:0"',
    ],
    [{ directory: 'd', hosts: ['a b'] }, 'a non-empty list of hosts'],
    [{ directory: 'd', hosts: ['::1'] }, 'a non-empty list of hosts'],
    [{ directory: 'd', hosts: [7] }, 'a non-empty list of hosts'],
    [
      { directory: 'd', segmentBites: 1 },
      '"segmentBites" is not an option of backend "test"; did you mean "segmentBytes"? Options: batchBytes, brokers, call, client, directory, hosts, mode, password, pollMs, segmentBytes, tls.',
    ],
    [JSON.parse('{"directory":"d","__proto__":{}}'), '"__proto__" is not an option'],
    [{ directory: 'd', toString: 'x' }, '"toString" is not an option'],
  ])('%j is refused', (given, text) => {
    expect(() => read(given)).toThrow(
      expect.objectContaining({ code: 'WAL_INVALID_ARGUMENT', message: expect.stringContaining(text) }),
    )
  })

  test('a secret is never shown', () => {
    const secret = 8_723_465
    try {
      read({ directory: 'd', password: secret })
      expect.unreachable()
    } catch (error) {
      expect(JSON.stringify(error) + String(error)).not.toContain(String(secret))
    }
    // An options argument that is a text might be a connection string with a password, so the error must not show it.
    expect(() => read('redis://u:hunter2@h')).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining('hunter2') }),
    )
  })

  test('required text may be left out when it has a default', () => {
    expect(readOptions({ name: { type: 'text', description: '', default: 'x' } }, {}, 't')).toEqual({
      name: 'x',
    })
  })
})
