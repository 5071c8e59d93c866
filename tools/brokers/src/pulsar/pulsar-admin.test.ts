import { expect, test } from 'vitest'
import { topicPath } from './pulsar-admin.js'
import { policyRequests } from './pulsar-policies.js'

test('a topic has one address, whichever of its names is used', () => {
  expect(topicPath('orders')).toBe('persistent/public/default/orders')
  expect(topicPath('a/b/orders')).toBe('persistent/a/b/orders')
  expect(topicPath('persistent://a/b/c d')).toBe('persistent/a/b/c%20d')
  expect(() => topicPath('a/b')).toThrow("'a/b' is not the name of a topic")
})

test('a policy is set, removed, or left as it was', () => {
  expect(policyRequests({})).toEqual([])
  expect(
    policyRequests({
      retention: { minutes: 1, megabytes: -1 },
      messageTtlSeconds: null,
      subscriptionExpirationMinutes: 0,
    }),
  ).toEqual([
    { part: 'retention', body: { retentionTimeInMinutes: 1, retentionSizeInMB: -1 } },
    { part: 'messageTTL', body: undefined },
    { part: 'subscriptionExpirationTime', body: 0 },
  ])
})
