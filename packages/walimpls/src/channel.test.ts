import { expect, test } from 'vitest'
import { checkChannelName } from './channel.js'

test.each(['a', '0', 'orders', 'orders-2_eu', 'con1', 'nul-x', 'com10', 'a'.repeat(200)])(
  '%s is a channel name',
  (name) => {
    expect(() => checkChannelName(name)).not.toThrow()
  },
)

test.each([
  '',
  ' ',
  '.',
  '..',
  'a.b',
  'a/b',
  '../a',
  'a\\b',
  'a b',
  ' a',
  'a ',
  'a\n',
  '\na',
  'a\0',
  'A',
  'Orders',
  '-a',
  '_a',
  'é',
  '🗝',
  'a:b',
  'a*',
  'a%2f',
  'a{b}',
  'con',
  'nul',
  'aux',
  'prn',
  'com1',
  'lpt9',
  'a'.repeat(201),
  undefined,
  null,
  7,
  ['a'],
  { toString: () => 'a' },
])('%j is none', (name) => {
  expect(() => checkChannelName(name)).toThrow(expect.objectContaining({ code: 'WAL_INVALID_ARGUMENT' }))
})
