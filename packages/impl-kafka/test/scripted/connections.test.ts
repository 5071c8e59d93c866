import { expect, test } from 'vitest'
import { Cluster } from '../../src/client/cluster.js'
import { metadataRequest } from '../../src/protocol/metadata.js'
import { ScriptedLog, ScriptedWriter, textsOf, turns, WRITER } from './scripted-log.js'

/** The part of the client that makes connections, without openers. */
async function client(log: ScriptedLog, requestTimeoutMs = 1000): Promise<Cluster> {
  const hosts = log.cluster.brokers.map(({ node }) => log.cluster.endpoint(node))
  const { runtime, cluster } = log
  const made = new Cluster({ connect: cluster.connect, hosts, runtime, requestTimeoutMs })
  await made.begin()
  return made
}

const settle = (promises: readonly Promise<unknown>[]) =>
  Promise.all(
    promises.map((promise) =>
      promise.then(
        () => 'answered',
        (error: Error) => error.message,
      ),
    ),
  )

test('requests that are sent at once on a connection that was lost make one new connection', async () => {
  const log = new ScriptedLog()
  const cluster = await client(log)
  log.broker.hangUp()
  await turns(3)
  const asked = Array.from({ length: 4 }, () => cluster.askNode(1, metadataRequest([])))
  expect(await settle(asked)).toEqual(Array(4).fill('answered'))
  expect(log.broker.connections).toHaveLength(2)
})

test('a connection that cannot be made fails all who wait for it, and the next call tries again', async () => {
  const log = new ScriptedLog()
  const cluster = await client(log)
  log.broker.hangUp()
  await turns(3)
  log.broker.down = true
  const asked = Array.from({ length: 3 }, () => cluster.askNode(1, metadataRequest([])))
  expect(await settle(asked)).toEqual(Array(3).fill('connection refused'))
  log.broker.down = false
  expect(await settle([cluster.askNode(1, metadataRequest([]))])).toEqual(['answered'])
})

test('a request without an answer ends its connection, and with it all requests behind', async () => {
  const log = new ScriptedLog()
  const cluster = await client(log)
  log.broker.next('Metadata', 'ignore')
  const asked = [1, 2, 3].map(() => cluster.askNode(1, metadataRequest([])))
  const told = settle(asked)
  await log.pass(1001)
  expect(await told).toEqual(Array(3).fill('no answer within 1000 ms'))
  expect(log.broker.open).toHaveLength(0)
  expect(log.timers).toBe(0)
  expect(await settle([cluster.askNode(1, metadataRequest([]))])).toEqual(['answered'])
})

test('a socket that is destroyed without an error fails its requests at once, and the next one makes a connection', async () => {
  const log = new ScriptedLog()
  const cluster = await client(log)
  log.broker.next('Metadata', 'ignore')
  const told = settle([cluster.askNode(1, metadataRequest([]))])
  await turns(3)
  log.broker.open[0]?.destroy()
  expect(await told).toEqual(['the connection ended under the request'])
  expect(await settle([cluster.askNode(1, metadataRequest([]))])).toEqual(['answered'])
  expect(log.broker.connections).toHaveLength(2)
})

test('requests go out in call order and at once while the broker says that it throttles', async () => {
  const log = new ScriptedLog()
  const cluster = await client(log)
  const [socket] = log.broker.open
  const receive = socket?.receive.bind(socket)
  if (socket !== undefined)
    socket.receive = (bytes) => {
      // The time for which the broker throttles, behind size, number and tags.
      bytes.writeInt32BE(30_000, 9)
      receive?.(bytes)
    }
  expect(await settle([cluster.askNode(1, metadataRequest(['before']))])).toEqual(['answered'])
  const names = ['one', 'two', 'three', 'four']
  const asked = settle(names.map((name) => cluster.askNode(1, metadataRequest([name]))))
  expect(await asked).toEqual(Array(4).fill('answered'))
  const sent = log.broker.sent('Metadata').flatMap(({ body }) => body.topics)
  expect(sent).toEqual(['before', ...names])
})

test('an answer that fits no request ends the connection', async () => {
  const log = new ScriptedLog()
  const cluster = await client(log)
  let release = () => {}
  log.broker.next('Metadata', new Promise<void>((resolve) => (release = resolve)))
  const told = settle([cluster.askNode(1, metadataRequest([]))])
  await turns(3)
  log.broker.open[0]?.receive(Buffer.from('0000000500000063ff', 'hex'))
  expect(await told).toEqual(['the answer 99 fits no request that was sent'])
  release()
  await turns(3)
  expect(log.broker.open).toHaveLength(0)
})

test('an answer may come in pieces, and several in one piece', async () => {
  const log = new ScriptedLog()
  const cluster = await client(log)
  const [socket] = log.broker.open
  const held: Buffer[] = []
  const receive = socket?.receive.bind(socket)
  if (socket !== undefined) socket.receive = (bytes) => void held.push(bytes)
  const asked = [1, 2, 3].map(() => cluster.askNode(1, metadataRequest([])))
  await turns(10)
  const bytes = Buffer.concat(held)
  for (const [from, to] of [
    [0, 3],
    [3, 5],
    [5, bytes.length - 1],
    [bytes.length - 1, bytes.length],
  ] as const)
    receive?.(bytes.subarray(from, to))
  expect(await settle(asked)).toEqual(Array(3).fill('answered'))
})

test('another broker is asked when one does not answer, and errors are told when none does', async () => {
  const log = new ScriptedLog({ brokers: 2 })
  const cluster = await client(log)
  log.broker.down = true
  log.broker.hangUp()
  await turns(3)
  expect(await settle([cluster.ask(metadataRequest([]))])).toEqual(['answered'])
  for (const broker of log.cluster.brokers) {
    broker.down = true
    broker.hangUp()
  }
  await turns(3)
  expect(await settle([cluster.ask(metadataRequest([]))])).toEqual(['connection refused'])
})

test('batches of several channels that are due travel in one request, and never two of one channel', async () => {
  const log = new ScriptedLog()
  const opener = await log.opener()
  const writers = []
  for (const channel of ['one', 'two', 'three']) {
    const writer = new ScriptedWriter(await opener.open(channel, WRITER))
    await writer.append(1)
    writers.push(writer)
  }
  const before = log.broker.count('Produce')
  const outcomes = writers.flatMap((writer) => [writer.append(1), writer.append(1)])
  expect(await Promise.all(outcomes)).toEqual(['1', '2', '1', '2', '1', '2'])
  const requests = log.broker.sent('Produce').slice(before)
  expect(requests.map(({ body }) => body.batches.map(({ topic }) => topic))).toEqual([
    ['one', 'two', 'three'],
    ['one', 'two', 'three'],
  ])
  expect(new Set(requests.map(({ connection }) => connection)).size).toBe(1)
})

test('a refused batch of one channel does not touch those of others in the same request', async () => {
  const log = new ScriptedLog()
  const opener = await log.opener()
  const one = new ScriptedWriter(await opener.open('one', WRITER))
  const two = new ScriptedWriter(await opener.open('two', WRITER))
  await Promise.all([one.append(1), two.append(1)])
  log.cluster.topics.delete('one')
  const outcomes = [one.append(1), two.append(1), one.append(1), two.append(1)]
  expect(await Promise.all(outcomes)).toEqual([
    'not-written: WAL_UNAVAILABLE',
    '1',
    'not-written: WAL_UNAVAILABLE',
    '2',
  ])
})

test('a page is read while the poll at the log’s end is parked, and so are an append and a look', async () => {
  const log = new ScriptedLog()
  const opener = await log.opener()
  const writer = await log.writerAtWork({}, opener)
  const tailing = writer.wal.read({ start: 'latest', maxBytes: 1 << 20 })
  expect(await tailing.next()).toEqual([])
  const waiting = tailing.next()
  await turns()
  // The poll is parked: time does not move on.
  expect(log.broker.sent('Fetch').at(-1)?.body).toMatchObject({ minBytes: 1, maxWaitMs: 200 })
  const scanner = writer.wal.read({ start: 'oldest', maxBytes: 1 << 20 })
  expect(textsOf(await scanner.next())).toEqual(['message 0'])
  expect(String((await writer.wal.last())?.id)).toContain('0')
  expect(await writer.append(1)).toBe('1')
  expect(textsOf(await waiting)).toEqual(['message 1'])
  expect(log.broker.open.length).toBeLessThanOrEqual(4)
})
