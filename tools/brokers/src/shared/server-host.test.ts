import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { HostClient } from './host-client.js'
import { ServerHost } from './server-host.js'
import { hostVariable, sharedServer } from './shared-server.js'

let folder: string
let host: ServerHost
let client: HostClient
let started: string[]
let stopped: string[]
let refusal: Error | undefined

beforeEach(async () => {
  started = []
  stopped = []
  refusal = undefined
  folder = mkdtempSync(join(tmpdir(), 'wal-host-test-'))
  const socket = join(folder, 'host.sock')
  host = await ServerHost.listen(socket, async (kind, say) => {
    started.push(kind)
    say('on the way')
    await Promise.resolve()
    if (refusal !== undefined) throw refusal
    return { address: `${kind}:1`, source: 'local', stop: async () => void stopped.push(kind) }
  })
  client = new HostClient(socket)
})

afterEach(async () => {
  await host.close()
  rmSync(folder, { recursive: true })
})

test('a server is started when it is first asked for, and once', async () => {
  const progress: string[] = []
  expect(
    await Promise.all([client.ensure('redis', (line) => progress.push(line)), client.ensure('redis')]),
  ).toEqual(['redis:1', 'redis:1'])
  expect(await client.ensure('redis')).toBe('redis:1')
  expect(started).toEqual(['redis'])
  expect(progress).toEqual(['on the way'])
  expect(await client.running()).toEqual({ redis: { address: 'redis:1', source: 'local' } })
})

test('a failed start reaches whoever asked, and the next one tries again', async () => {
  refusal = new Error('no such program')
  await expect(client.ensure('kafka')).rejects.toThrow('no such program')
  refusal = undefined
  expect(await client.ensure('kafka')).toBe('kafka:1')
})

test('stop stops one, close stops the rest', async () => {
  await client.ensure('redis')
  await client.ensure('pulsar')
  await client.stop('redis')
  expect(stopped).toEqual(['redis'])
  expect(Object.keys((await client.running()) ?? {})).toEqual(['pulsar'])
  await host.close()
  expect(stopped).toEqual(['redis', 'pulsar'])
  expect(await client.running()).toBeUndefined()
  host = await ServerHost.listen(join(folder, 'other.sock'))
})

test("the user's own server comes first, and without any the error says what to do", async () => {
  const environment = { [hostVariable]: join(folder, 'host.sock') }
  expect(await sharedServer('redis', { ...environment, WAL_TEST_REDIS_URL: 'redis://mine' })).toBe(
    'redis://mine',
  )
  expect(started).toEqual([])
  expect(await sharedServer('redis', environment)).toBe('redis:1')
  await expect(sharedServer('kafka', {})).rejects.toThrow('set WAL_TEST_KAFKA_BROKERS, or run')
})
