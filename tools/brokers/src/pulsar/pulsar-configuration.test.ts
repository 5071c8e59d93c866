import { expect, test } from 'vitest'
import type { Certificates } from '../tls/certificates.js'
import { pulsarConfiguration } from './pulsar-configuration.js'

const ports = { client: 1, advertised: 1, internal: 3, web: 4 }

test('broker and bookie listen on the loopback address, for clients on a port of their own', () => {
  const lines = pulsarConfiguration(ports).split('\n')
  expect(lines).toEqual(
    expect.arrayContaining([
      'brokerServicePort=3',
      'webServicePort=4',
      'bindAddress=127.0.0.1',
      'bindAddresses=client:pulsar://127.0.0.1:1',
    ]),
  )
  expect(lines.some((line) => /^listeningInterface=lo/.test(line))).toBe(true)
})

test('lookups of clients name the address of the proxy, and those of the broker itself do not', () => {
  const lines = pulsarConfiguration({ ...ports, advertised: 9 }).split('\n')
  expect(lines).toContain('bindAddresses=client:pulsar://127.0.0.1:1')
  expect(lines).toContain('advertisedListeners=internal:pulsar://127.0.0.1:3,client:pulsar://127.0.0.1:9')
  expect(lines).toContain('internalListenerName=internal')
})

test('with certificates the port for clients speaks TLS, and the internal one does not', () => {
  const lines = pulsarConfiguration(ports, { tls: {} as Certificates }).split('\n')
  expect(lines).toContain('bindAddresses=client:pulsar+ssl://127.0.0.1:1')
  expect(lines).toContain('advertisedListeners=internal:pulsar://127.0.0.1:3,client:pulsar+ssl://127.0.0.1:1')
})

test('the bookie goes on while other programs use nearly all of the disk', () => {
  expect(pulsarConfiguration(ports)).toMatch(/^diskUsageThreshold=0\.999/m)
})

test('what the broker does to idle topics is left as Pulsar has it', () => {
  expect(pulsarConfiguration(ports)).not.toMatch(/Inactive/)
})

test('a setting of the caller replaces ours, and a backslash stays itself', () => {
  const text = pulsarConfiguration(ports, { config: { loadBalancerEnabled: true, text: 'a\\b' } })
  expect(text).toMatch(/^loadBalancerEnabled=true$/m)
  expect(text).toContain('\ntext=a\\\\b\n')
})
