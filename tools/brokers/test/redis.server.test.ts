import { expect, test, vi } from 'vitest'
import { createCertificates, RedisConnection, startRedis } from '../src/index.js'
import { isAlive, processState } from './process-state.js'

test('a killed server comes back with its data, on its port', async () => {
  await using redis = await startRedis({ appendfsync: 'always' })
  const id = await redis.command('XADD', 'stream', '*', 'field', 'value')
  const { processId, url } = redis
  await redis.kill()
  expect(isAlive(processId)).toBe(false)
  await expect(redis.command('PING')).rejects.toThrow('ECONNREFUSED')

  await redis.restart()
  expect(redis.url).toBe(url)
  expect(redis.processId).not.toBe(processId)
  expect(await redis.command('XRANGE', 'stream', '-', '+')).toEqual([[id, ['field', 'value']]])
})

test('an orderly end keeps the data too', async () => {
  await using redis = await startRedis()
  await redis.command('SET', 'key', 'value')
  await redis.shutDown()
  expect(redis.processId).toBeUndefined()
  expect(redis.logs()).toContain('Redis is now ready to exit')
  await redis.restart()
  expect(await redis.command('GET', 'key')).toBe('value')
})

test('a frozen server keeps its connections and answers once it is thawed', async () => {
  await using redis = await startRedis()
  using connection = await RedisConnection.open({ port: redis.port, timeoutMs: 60_000 })
  await connection.call('PING')
  redis.freeze()
  await vi.waitUntil(() => processState(redis.processId ?? 0) === 'T')
  const answer = connection.call('ECHO', 'still here')
  await expect(RedisConnection.open({ port: redis.port, timeoutMs: 200 }).then(ping)).rejects.toThrow(
    'timed out',
  )
  redis.thaw()
  expect(await answer).toBe('still here')
})

test('stop leaves no process, also of a frozen server, and may be called twice', async () => {
  const redis = await startRedis()
  const { processId } = redis
  redis.freeze()
  await redis.stop()
  await redis.stop()
  expect(isAlive(processId)).toBe(false)
})

test('a server listens on the loopback address alone', async () => {
  await using redis = await startRedis()
  expect(await redis.command('CONFIG', 'GET', 'bind')).toEqual(['bind', '127.0.0.1'])
})

test('a server with a password asks for it, and its URL has it', async () => {
  await using redis = await startRedis({ password: 'p w' })
  expect(redis.url).toContain('redis://:p%20w@127.0.0.1:')
  expect(await redis.command('PING')).toBe('PONG')
  await expect(RedisConnection.open({ port: redis.port }).then(ping)).rejects.toThrow('NOAUTH')
})

test('the users of an ACL file may do what the file says', async () => {
  await using redis = await startRedis({
    acl: ['user default off', 'user writer on >secret ~log:* +xadd +ping'],
  })
  const address = { port: redis.port, username: 'writer', password: 'secret' }
  using connection = await RedisConnection.open(address)
  expect(await connection.call('XADD', 'log:1', '5-0', 'a', 'b')).toBe('5-0')
  await expect(connection.call('XADD', 'other', '5-0', 'a', 'b')).rejects.toThrow('NOPERM')
  await expect(connection.call('GET', 'log:1')).rejects.toThrow('NOPERM')
})

test('a server with certificates speaks TLS alone', async () => {
  using certificates = await createCertificates()
  await using redis = await startRedis({ tls: certificates })
  expect(redis.url).toContain('rediss://127.0.0.1:')
  expect(await redis.command('PING')).toBe('PONG')
  await expect(RedisConnection.open({ port: redis.port }).then(ping)).rejects.toThrow()
  const untrusting = RedisConnection.open({ port: redis.port, tls: { ca: '' } })
  await expect(untrusting.then(ping)).rejects.toThrow('certificate')
})

test('the error of a server that cannot start has its last lines', async () => {
  const starting = startRedis({ config: { 'no-such-directive': 'x' } })
  await expect(starting).rejects.toThrow(/ended while it was starting.*no-such-directive/s)
})

function ping(connection: RedisConnection) {
  return connection.call('PING')
}
