import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isWellFormed } from '../message/text.js'
import type { OptionTable } from '../option-table.js'
import { parseBackendUrl } from './backend-url.js'
import { redactUrl } from './redact-url.js'
import { optionsFromUrl } from './url-options.js'

const plain = (text: string) => {
  const { query, ...rest } = parseBackendUrl(text)
  return { ...rest, query: Object.fromEntries(query) }
}

describe('parseBackendUrl', () => {
  test.each<[string, object]>([
    ['memory:', { scheme: 'memory' }],
    ['memory:orders', { scheme: 'memory', path: 'orders' }],
    ['file:./data', { scheme: 'file', path: './data' }],
    ['file:data/logs', { scheme: 'file', path: 'data/logs' }],
    ['file:../data', { scheme: 'file', path: '../data' }],
    ['file:/var/lib/wal', { scheme: 'file', path: '/var/lib/wal' }],
    ['file:///var/lib/wal', { scheme: 'file', path: '/var/lib/wal' }],
    ['file:///home/a@b/data', { scheme: 'file', path: '/home/a@b/data' }],
    ['file:C:\\data', { scheme: 'file', path: 'C:\\data' }],
    ['file:///C:/data', { scheme: 'file', path: 'C:/data' }],
    ['file:./my data/%25%23%3F+ü', { scheme: 'file', path: './my data/%#?+ü' }],
    ['file:./d?', { scheme: 'file', path: './d' }],
    [
      'file:./d?segmentBytes=1024&x=',
      { scheme: 'file', path: './d', query: { segmentBytes: '1024', x: '' } },
    ],
    ['file:./d?__proto__=a+b%26', { scheme: 'file', path: './d', query: JSON.parse('{"__proto__":"a+b&"}') }],
    [
      'redis-streams://user:p%40ss@h1:6379,h2:6380/0?tls=true',
      {
        scheme: 'redis-streams',
        hosts: [
          { host: 'h1', port: 6379 },
          { host: 'h2', port: 6380 },
        ],
        user: 'user',
        password: 'p@ss',
        path: '0',
        query: { tls: 'true' },
      },
    ],
    ['redis-streams://:se:cret@h', { scheme: 'redis-streams', hosts: [{ host: 'h' }], password: 'se:cret' }],
    [
      'pulsar+ssl://user%2B:p%2Fss@h:6651,münchen.example',
      {
        scheme: 'pulsar+ssl',
        hosts: [{ host: 'h', port: 6651 }, { host: 'münchen.example' }],
        user: 'user+',
        password: 'p/ss',
      },
    ],
    ['redis+sentinel.v2-tls://h', { scheme: 'redis+sentinel.v2-tls', hosts: [{ host: 'h' }] }],
    ['kafka://user@h/', { scheme: 'kafka', hosts: [{ host: 'h' }], user: 'user' }],
    [
      'kafka://[::1]:9092,[fe80::1%25eth0],10.0.0.1:1',
      {
        scheme: 'kafka',
        hosts: [{ host: '::1', port: 9092 }, { host: 'fe80::1%eth0' }, { host: '10.0.0.1', port: 1 }],
      },
    ],
  ])('%s', (text, expected) => {
    expect(plain(text)).toEqual({ hosts: [], query: {}, ...expected })
  })

  test.each([
    '',
    'data',
    './data',
    '/data',
    ':x',
    'C:\\hunter2',
    'File:./hunter2',
    ' file:./hunter2',
    'fi_le:hunter2',
    '+ssl:hunter2',
    '.ssl:hunter2',
    '1ssl:hunter2',
    'c:hunter2',
    'file:./a#hunter2',
    'file:./a\nhunter2',
    'file:./hunter2%',
    'file:./hunter2%zz',
    'file:./hunter2%00',
    'file:./hunter2\ud800',
    'file:./hunter2%ff',
    'redis://user:hunter2/x@h',
    'redis://user:12/hunter2@h',
    'redis://user:12?hunter2@h',
    'redis://user:hunter2@x@h',
    'redis://user:hunter2%@h',
    'redis://user:hunter2@',
    'redis://user:hunter2@h:',
    'redis://user:hunter2@h:0',
    'redis://user:hunter2@h:65536',
    'redis://user:hunter2@h:port',
    'redis://user:hunter2@h,,i',
    'redis://user:hunter2@h o',
    'redis://user:hunter2@[::1',
    'redis://user:hunter2@[nonsense]',
    'redis://user:hunter2@::1',
    'redis://user:hunter2@h?a=1&a=2',
    'redis://h?token=hunter2&token=x',
    'redis://h?hunter2',
    'redis://h?=hunter2',
    'redis://h?a=1&&hunter2=1',
    'redis://h,user:hunter2@i?a',
    undefined,
    7,
  ])('refuses %j without quoting it', (text) => {
    let error: unknown
    try {
      parseBackendUrl(text as string)
    } catch (thrown) {
      error = thrown
    }
    expect(error).toMatchObject({ code: 'WAL_INVALID_ARGUMENT' })
    expect(String(error)).not.toContain('hunter2')
    expect(redactUrl(String(text))).not.toContain('hunter2')
  })

  test('what was escaped comes back; other text parses or is refused, never anything else', () => {
    const part = fc
      .string({ unit: 'grapheme', minLength: 1 })
      .filter((text) => isWellFormed(text) && !text.includes('\0'))
    fc.assert(
      fc.property(part, part, part, part, (user, password, path, value) => {
        const e = encodeURIComponent
        expect(plain(`redis://${e(user)}:${e(password)}@h:1/${e(path)}?v=${e(value)}`)).toEqual({
          scheme: 'redis',
          hosts: [{ host: 'h', port: 1 }],
          user,
          password,
          path,
          query: { v: value },
        })
      }),
    )
    const piece = fc.constantFrom(
      'redis',
      'file',
      ':',
      '/',
      '//',
      '@',
      '?',
      '&',
      '=',
      ',',
      '[',
      ']',
      '%',
      '%41',
      '#',
      'a',
      '1',
      '.',
    )
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string())), (pieces) => {
        const text = pieces.join('')
        redactUrl(text)
        try {
          parseBackendUrl(text)
        } catch (error) {
          expect(error).toMatchObject({ code: 'WAL_INVALID_ARGUMENT' })
        }
      }),
      { numRuns: 500 },
    )
  })

  test('a password, however it is written, is not in the redacted text', () => {
    const sign = fc.constantFrom(...':/?#@%&=,[]+.~ab1'.split(''))
    fc.assert(
      fc.property(
        fc.array(sign, { maxLength: 6 }),
        fc.array(sign, { maxLength: 6 }),
        fc.boolean(),
        (a, b, slashes) => {
          const text = `redis:${slashes ? '//' : ''}user:${a.join('')}hunter2${b.join('')}@host:1/0`
          expect(redactUrl(text)).not.toContain('hunter2')
          try {
            optionsFromUrl({ name: 'redis', options: server }, parseBackendUrl(text))
          } catch (error) {
            expect(String(error)).not.toContain('hunter2')
          }
        },
      ),
      { numRuns: 500 },
    )
  })
})

const server = {
  hosts: { type: 'hosts', description: '', from: 'hosts' },
  database: { type: 'integer', description: '', from: 'path' },
  user: { type: 'text', description: '', from: 'user' },
  password: { type: 'text', description: '', from: 'password', secret: true },
  tls: { type: 'boolean', description: '' },
  names: { type: 'texts', description: '' },
  token: { type: 'integer', description: '', secret: true },
  client: { type: 'value', description: '' },
} as const satisfies OptionTable
const builder = { name: 'redis', options: server, schemes: { rediss: { tls: true } } }
const options = (text: string) => optionsFromUrl(builder, parseBackendUrl(text))

describe('optionsFromUrl', () => {
  test('every part goes to its option, in the option’s type', () => {
    expect(options('redis://u:p@h1:1,[::1]:2,[::2]/3?tls=false&names=a,b')).toEqual({
      hosts: ['h1:1', '[::1]:2', '[::2]'],
      database: 3,
      user: 'u',
      password: 'p',
      tls: false,
      names: ['a', 'b'],
    })
    expect(options('rediss://h')).toEqual({ hosts: ['h'], tls: true })
    expect(options('rediss://h?tls=true')).toEqual({ hosts: ['h'], tls: true })
  })

  test.each([
    ['kafka://h', '"redis" or "rediss", got "kafka"'],
    ['rediss://h?tls=false', 'The URL scheme rediss means tls=true, and the URL’s query says otherwise.'],
    ['redis://h/zero', 'an integer'],
    ['redis://h?tls=yes', 'true or false, got "yes"'],
    ['redis://h?token=hunter2', 'must be an integer'],
    [
      'redis://h?tsl=true',
      '"tsl" is not an option of backend "redis" in the query of its URL; did you mean "tls"? Options: names, tls, token.',
    ],
    ['redis://h?client=x', '"client" is not an option'],
    ['redis://h?password=hunter2', '"password" is not an option'],
    ['redis://h?toString=x', '"toString" is not an option'],
    ['redis:user:hunter2@h', 'an integer'],
  ])('%s is refused', (text, why) => {
    expect(() => options(text)).toThrow(
      expect.objectContaining({ code: 'WAL_INVALID_ARGUMENT', message: expect.stringContaining(why) }),
    )
    expect(() => options(text)).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining('hunter2') }),
    )
  })

  test('parts that a backend has no option for are refused', () => {
    const file = {
      name: 'file',
      options: { directory: { type: 'text', description: '', from: 'path' } },
    } as const
    expect(optionsFromUrl(file, parseBackendUrl('file:./data'))).toEqual({ directory: './data' })
    expect(() => optionsFromUrl(file, parseBackendUrl('file://data/x'))).toThrow('takes no hosts (one slash')
    expect(() => optionsFromUrl(file, parseBackendUrl('file:./data?x=1'))).toThrow('It takes no options.')
    const one = { name: 'one', options: { host: { type: 'text', description: '', from: 'hosts' } } } as const
    expect(optionsFromUrl(one, parseBackendUrl('one://h:1'))).toEqual({ host: 'h:1' })
    expect(() => optionsFromUrl(one, parseBackendUrl('one://h:1,i'))).toThrow(
      'takes one host, and 2 are given',
    )
  })
})

describe('redactUrl', () => {
  test.each([
    ['redis://u:p@h1:1,h2/0?tls=true&token=5&other=6', 'redis://u:***@h1:1,h2/0?tls=true&token=***&***'],
    ['redis:u:p@h', 'redis:***'],
    ['pulsar+ssl://u:p@h', 'pulsar+ssl://u:***@h'],
    ['pulsar+ssl://u:p@h/x@', 'pulsar+ssl:***'],
    ['nonsense p@ss', '***'],
  ])('%s', (text, expected) => {
    expect(redactUrl(text, server)).toBe(expected)
  })

  test('without a table only what can hold no secret is shown', () => {
    expect(redactUrl('file:./data?segmentBytes=5')).toBe('file:./data?***')
    expect(redactUrl('x://user:p@h/a')).toBe('***')
    expect(redactUrl('xy://user@h/a')).toBe('xy://user@h/a')
    expect(redactUrl('file:./a@b', { directory: { type: 'text', description: '', from: 'path' } })).toBe(
      'file:./a@b',
    )
  })
})
