import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { listenAlone } from '../background-host.js'
import { HostClient } from './host-client.js'
import { ServerHost } from './server-host.js'
import { hostVariable, sharedServer } from './shared-server.js'

let folder: string
let host: ServerHost
let client: HostClient
let started: string[]
let stopped: string[]
let refusal: Error | undefined
/** Every start of a server waits for this promise. */
let downloading: Promise<void>
let tell: (line: string) => void

beforeEach(async () => {
  started = []
  stopped = []
  refusal = undefined
  downloading = Promise.resolve()
  tell = () => {}
  folder = mkdtempSync(join(tmpdir(), 'wal-host-test-'))
  const socket = join(folder, 'host.sock')
  host = await ServerHost.listen(socket, async (kind, say) => {
    started.push(kind)
    say('on the way')
    tell = say
    await downloading
    if (refusal !== undefined) throw refusal
    return { address: `${kind}:1`, source: 'local', stop: async () => void stopped.push(kind) }
  })
  client = new HostClient(socket)
})

afterEach(async () => {
  await host.close()
  rmSync(folder, { recursive: true })
})

test('a server is started once, when it is first asked for', async () => {
  const progress: string[] = []
  expect(
    await Promise.all([client.ensure('redis', (line) => progress.push(line)), client.ensure('redis')]),
  ).toEqual(['redis:1', 'redis:1'])
  expect(await client.ensure('redis')).toBe('redis:1')
  expect(started).toEqual(['redis'])
  expect(progress).toEqual(['on the way'])
  expect(await client.running()).toEqual({ redis: { address: 'redis:1', source: 'local' } })
})

test('a request learns why a start failed, and the next request tries again', async () => {
  refusal = new Error('no such program')
  await expect(client.ensure('kafka')).rejects.toThrow('no such program')
  refusal = undefined
  expect(await client.ensure('kafka')).toBe('kafka:1')
})

test('a server that is still starting is listed, and stop does not wait for it', async () => {
  let finish = () => {}
  downloading = new Promise((resolve) => {
    finish = resolve
  })
  const starting = client.ensure('redis')
  await vi.waitUntil(() => started.length === 1)
  expect(await client.running()).toEqual({ redis: 'starting' })
  await client.stop('redis')
  expect(await client.running()).toEqual({})
  finish()
  await starting.catch(() => {})
  await vi.waitUntil(() => stopped.length === 1)
})

test('a start for which nobody waits any more is given up, and leaves no host without a server', async () => {
  let finish = () => {}
  downloading = new Promise((resolve) => {
    finish = resolve
  })
  let empty = false
  host.onEmpty = () => {
    empty = true
  }
  const socketPath = join(folder, 'host.sock')
  const asked = []
  for (let i = 0; i < 2; i++) {
    const one = request({ socketPath, agent: false, method: 'PUT', path: '/redis' })
      .on('error', () => {})
      .end()
    let heard = false
    one.once('response', () => {
      heard = true
    })
    await vi.waitUntil(
      () => {
        tell('still on the way')
        return heard
      },
      { timeout: 30_000 },
    )
    asked.push(one)
  }
  asked[0]?.destroy()
  expect(await client.running()).toEqual({ redis: 'starting' })
  asked[1]?.destroy()
  await vi.waitUntil(() => empty, { timeout: 30_000 })
  expect(await client.running()).toEqual({})
  finish()
  await vi.waitUntil(() => stopped.length === 1, { timeout: 30_000 })
})

test('a second host on a socket leaves it to the first, and takes it over when the first was killed', async () => {
  const socketPath = join(folder, 'host.sock')
  expect(await listenAlone(socketPath)).toBeUndefined()
  expect(await client.running()).toEqual({})
  const left = join(folder, 'left.sock')
  await once(
    spawn(process.execPath, [
      '-e',
      `require('net').createServer().listen(${JSON.stringify(left)}, () => process.kill(process.pid, 'SIGKILL'))`,
    ]),
    'exit',
  )
  const other = await listenAlone(left)
  expect(await new HostClient(left).running()).toEqual({})
  await other?.close()
})

test('stop ends one server, and close ends the others', async () => {
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

test("the user's own server is preferred, and without any server the error says what to do", async () => {
  const environment = { [hostVariable]: join(folder, 'host.sock') }
  expect(await sharedServer('redis', { ...environment, WAL_TEST_REDIS_URL: 'redis://mine' })).toBe(
    'redis://mine',
  )
  expect(started).toEqual([])
  expect(await sharedServer('redis', environment)).toBe('redis:1')
  await expect(sharedServer('kafka', {})).rejects.toThrow('set WAL_TEST_KAFKA_BROKERS, or run')
})
