import { expect, test } from 'vitest'
import { hostText, parseHosts } from './hosts.js'

test('a host without a port gets the default one, and IPv6 loses its brackets', () => {
  expect(parseHosts(['h', 'h.example:1', '[::1]', '[fe80::1%eth0]:65535'], 6379)).toEqual([
    { host: 'h', port: 6379 },
    { host: 'h.example', port: 1 },
    { host: '::1', port: 6379 },
    { host: 'fe80::1%eth0', port: 65_535 },
  ])
})

test('a host written as text is taken apart again', () => {
  for (const text of ['h', 'h:1', '[::1]', '[::1]:2']) {
    const [host] = parseHosts([text], 5)
    expect(hostText(host as never)).toBe(/\d$/.test(text) ? text : `${text}:5`)
  }
  expect(hostText({ host: '::1' })).toBe('[::1]')
})

test('what is no host is refused by its text', () => {
  expect(() => parseHosts(['h', 'h:65536'], 1)).toThrow(
    'A host must be name, name:port or [IPv6]:port, with a port from 1 to 65535, got "h:65536"',
  )
})
