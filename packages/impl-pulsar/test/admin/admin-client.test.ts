import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { systemRuntime } from '@wal/walimpls'
import { deferred } from '@wal/walimpls/helper'
import { afterEach, expect, test, vi } from 'vitest'
import { AdminClient } from '../../src/admin/admin-client.js'
import { readPolicies, UNKNOWN_POLICIES } from '../../src/admin/policies.js'

// An admin interface that a test scripts. What a real broker answers is tested with a server.

type Answer = (request: IncomingMessage, response: ServerResponse) => void
const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

async function admin(answer: Answer): Promise<string> {
  const server = createServer(answer)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const client = (url: string, { timeoutMs = 5000, token = undefined as string | undefined } = {}) =>
  new AdminClient({ url, token: async () => token, tls: undefined, runtime: systemRuntime, timeoutMs })

const json =
  (value: unknown): Answer =>
  (_, response) =>
    response.end(JSON.stringify(value))

test('an answer is parsed, and the token is shown', async () => {
  const seen: (string | undefined)[] = []
  const url = await admin((request, response) => {
    seen.push(request.url, request.headers.authorization)
    json({ a: 1 })(request, response)
  })
  expect(await client(`${url}/`, { token: 'secret' }).get('namespaces/a/b')).toEqual({ a: 1 })
  expect(seen).toEqual(['/admin/v2/namespaces/a/b', 'Bearer secret'])
})

test('an empty answer is no answer', async () => {
  const url = await admin((_, response) => response.writeHead(204).end())
  expect(await client(url).get('x')).toBeUndefined()
})

test('a redirect to another broker is followed with the token, but not endlessly', async () => {
  const there = await admin((request, response) => json(request.headers.authorization)(request, response))
  const here = await admin((_, response) =>
    response.writeHead(307, { location: `${there}/admin/v2/x` }).end(),
  )
  expect(await client(here, { token: 'secret' }).get('x')).toBe('Bearer secret')
  const loop = await admin((request, response) =>
    response.writeHead(307, { location: request.url ?? '' }).end(),
  )
  await expect(client(loop).get('x')).rejects.toThrow(/on more than 5 times/)
})

test('a redirect to another protocol is not followed', async () => {
  const url = await admin((_, response) =>
    response.writeHead(307, { location: 'https://127.0.0.1:1/x' }).end(),
  )
  await expect(client(url, { token: 'secret' }).get('x')).rejects.toThrow(/sends the request on to https:/)
})

test('a refusal names the status and the reason, and not the token', async () => {
  const url = await admin((_, response) => response.writeHead(401).end('{"reason":"Don\'t have permission"}'))
  const failed = client(url, { token: 'secret' }).get('namespaces/a/b')
  await expect(failed).rejects.toThrow("HTTP 401 for /admin/v2/namespaces/a/b: Don't have permission")
  await expect(failed).rejects.not.toThrow(/secret/)
})

test('an address that is no admin interface is told', async () => {
  const url = await admin((_, response) => response.end('<html>'))
  await expect(client(url).get('x')).rejects.toThrow(/is no JSON; is this address the admin interface\?/)
})

test('an answer that never comes, or never ends, ends in time', async () => {
  const silent = await admin(() => {})
  await expect(client(silent, { timeoutMs: 50 }).get('x')).rejects.toThrow(/within 50 ms/)
  const half = await admin((_, response) => response.write('{'))
  await expect(client(half, { timeoutMs: 50 }).get('x')).rejects.toThrow()
})

test('an answer without end is cut off', async () => {
  const url = await admin((_, response) => {
    const more = () => response.write('x'.repeat(65_536), more)
    more()
  })
  await expect(client(url).get('x')).rejects.toThrow(/more than 1048576 bytes/)
})

test('a token that never comes ends in time', async () => {
  const stuck = new AdminClient({
    ...{ url: 'http://127.0.0.1:1', token: () => new Promise<never>(() => {}), tls: undefined },
    ...{ runtime: systemRuntime, timeoutMs: 50 },
  })
  await expect(stuck.get('x')).rejects.toThrow(/within 50 ms/)
})

test('a close ends the requests in progress, and refuses later ones', async () => {
  let gone = 0
  const came = deferred()
  const url = await admin((_, response) => {
    response.on('close', () => gone++)
    came.resolve()
  })
  const asked = client(url)
  const answer = expect(asked.get('x')).rejects.toMatchObject({ code: 'WAL_CLOSED' })
  await came.promise
  asked.close()
  await answer
  await expect(asked.get('x')).rejects.toMatchObject({ code: 'WAL_CLOSED' })
  await vi.waitFor(() => expect(gone).toBe(1))
})

const LOG = { namespace: 'a/b', channel: 'orders' }

test('the policies that hold for the topic are read', async () => {
  const answers: Record<string, unknown> = {
    'persistent/a/b/orders/messageTTL?applied=true': 60,
    'namespaces/a/b/subscriptionExpirationTime': 5,
    'persistent/a/b/orders/backlogQuotaMap?applied=true': {
      destination_storage: { limit: -1, limitSize: 100, limitTime: -1, policy: 'consumer_backlog_eviction' },
    },
    'persistent/a/b/orders/inactiveTopicPolicies?applied=true': {
      inactiveTopicDeleteMode: 'delete_when_no_subscriptions',
      deleteWhileInactive: true,
    },
    'persistent/a/b/orders/retention?applied=true': { retentionTimeInMinutes: -1, retentionSizeInMB: 5 },
    'persistent/a/b/orders/deduplicationEnabled?applied=true': true,
    'persistent/a/b/orders/compactionThreshold?applied=true': 100,
    'persistent/a/b/orders/persistence?applied=true': { bookkeeperWriteQuorum: 3, bookkeeperAckQuorum: 2 },
  }
  const url = await admin((request, response) =>
    json(answers[(request.url ?? '').replace('/admin/v2/', '')])(request, response),
  )
  expect(await readPolicies(client(url), LOG)).toEqual({
    ttlSeconds: 60,
    subscriptionExpiryMinutes: 5,
    backlogQuotas: [
      {
        type: 'destination_storage',
        policy: 'consumer_backlog_eviction',
        ...{ limitBytes: 100, limitSeconds: -1 },
      },
    ],
    inactiveTopics: 'delete_when_no_subscriptions',
    retention: { minutes: -1, megabytes: 5 },
    deduplication: true,
    compactionBytes: 100,
    copies: { written: 3, acknowledged: 2 },
    trouble: undefined,
  })
})

test.each([
  ['the broker’s own holds', { subscriptionExpirationTimeMinutes: '60', other: 'x' }, 60],
  ['it is unknown when the broker does not tell its own', undefined, undefined],
  [
    'it is unknown when the broker tells something else',
    { subscriptionExpirationTimeMinutes: '' },
    undefined,
  ],
])('of a namespace without a subscription expiration time %s', async (_, settings, minutes) => {
  const url = await admin((request, response) => {
    if (!request.url?.endsWith('brokers/configuration/runtime')) response.writeHead(204).end()
    else if (settings === undefined) response.writeHead(403).end('{"reason":"superuser"}')
    else json(settings)(request, response)
  })
  expect(await readPolicies(client(url), LOG)).toMatchObject({
    ...{ subscriptionExpiryMinutes: minutes, ttlSeconds: 0, trouble: undefined },
  })
})

test('policies that nobody has set do nothing, and a broker that deletes no idle topics says so', async () => {
  const url = await admin((request, response) =>
    request.url?.includes('inactiveTopicPolicies')
      ? json({ inactiveTopicDeleteMode: 'delete_when_no_subscriptions', deleteWhileInactive: false })(
          request,
          response,
        )
      : request.url?.includes('brokers/configuration')
        ? json({ subscriptionExpirationTimeMinutes: '0' })(request, response)
        : response.writeHead(204).end(),
  )
  expect(await readPolicies(client(url), LOG)).toEqual({
    ...{ ttlSeconds: 0, subscriptionExpiryMinutes: 0, backlogQuotas: [], inactiveTopics: 'never' },
    ...{ retention: { minutes: 0, megabytes: 0 }, deduplication: false, compactionBytes: 0 },
    ...{ copies: undefined, trouble: undefined },
  })
})

test('a broker without policies of topics is asked for those of the namespace', async () => {
  const url = await admin((request, response) => {
    if (request.url === '/admin/v2/namespaces/a/b/messageTTL') json(7)(request, response)
    else if (request.url === '/admin/v2/namespaces/a/b/deduplication') json(true)(request, response)
    else if (request.url?.includes('namespaces/a/b')) response.writeHead(204).end()
    else response.writeHead(405).end('{"reason":"Topic level policies is disabled"}')
  })
  expect(await readPolicies(client(url), LOG)).toMatchObject({
    ttlSeconds: 7,
    deduplication: true,
    trouble: undefined,
  })
})

test('what cannot be read is unknown, with the reason, and a dead interface is asked once', async () => {
  let asked = 0
  const url = await admin((_, response) => {
    asked++
    response.writeHead(401).end('{"reason":"Unauthorized"}')
  })
  expect(await readPolicies(client(url), LOG)).toEqual({
    ...UNKNOWN_POLICIES,
    trouble: expect.stringMatching(/HTTP 401 .*Unauthorized/),
  })
  expect(asked).toBe(1)
})
