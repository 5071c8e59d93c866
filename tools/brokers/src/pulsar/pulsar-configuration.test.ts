import { expect, test } from 'vitest'
import { pulsarConfiguration } from './pulsar-configuration.js'

test('broker and bookie are told to listen on the loopback address', () => {
  const lines = pulsarConfiguration({ broker: 1, web: 2 }).split('\n')
  expect(lines).toEqual(
    expect.arrayContaining(['brokerServicePort=1', 'webServicePort=2', 'bindAddress=127.0.0.1']),
  )
  expect(lines.some((line) => /^listeningInterface=lo/.test(line))).toBe(true)
})

test('the bookie goes on while other programs use nearly all of the disk', () => {
  expect(pulsarConfiguration({ broker: 1, web: 2 })).toMatch(/^diskUsageThreshold=0\.999/m)
})

test('a setting of the caller replaces ours', () => {
  expect(pulsarConfiguration({ broker: 1, web: 2 }, { loadBalancerEnabled: true })).toMatch(
    /^loadBalancerEnabled=true$/m,
  )
})
