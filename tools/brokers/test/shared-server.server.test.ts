import { expect, test } from 'vitest'
import { sharedServer } from '../src/index.js'
import { RedisConnection } from '../src/redis/redis-connection.js'

test('the run has one Redis for all its tests', async () => {
  const address = await sharedServer('redis')
  const url = new URL(address)
  expect(await sharedServer('redis')).toBe(address)
  using connection = await RedisConnection.open({
    port: Number(url.port || 6379),
    password: url.password === '' ? undefined : decodeURIComponent(url.password),
  })
  expect(await connection.call('PING')).toBe('PONG')
})
