import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { FaultProxy } from './fault-proxy.js'

let echo: Server
let chunks: Buffer[]
let serverSockets: Set<Socket>
let proxy: FaultProxy
const clients: Client[] = []

beforeEach(async () => {
  chunks = []
  serverSockets = new Set()
  echo = createServer((socket) => {
    serverSockets.add(socket)
    socket.on('close', () => serverSockets.delete(socket))
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      chunks.push(chunk)
      socket.write(chunk)
    })
  })
  echo.listen(0, '127.0.0.1')
  await once(echo, 'listening')
  proxy = await FaultProxy.start({ target: echo.address() as AddressInfo, seed: 7 })
})

afterEach(async () => {
  for (const client of clients.splice(0)) client.socket.destroy()
  await proxy.close()
  for (const socket of serverSockets) socket.destroy()
  echo.close()
})

class Client {
  text = ''
  error: NodeJS.ErrnoException | undefined
  constructor(readonly socket: Socket) {
    clients.push(this)
    socket.on('data', (chunk) => {
      this.text += chunk
    })
    socket.on('error', (error) => {
      this.error = error
    })
  }
  static async open() {
    const socket = connect(proxy.port, '127.0.0.1')
    await once(socket, 'connect')
    return new Client(socket)
  }
  closed() {
    return vi.waitUntil(() => this.socket.closed, { timeout: 20_000 })
  }
  async exchange(text: string) {
    const before = this.text.length
    this.socket.write(text)
    await vi.waitUntil(() => this.text.length >= before + text.length, { timeout: 20_000, interval: 5 })
    return this.text.slice(before)
  }
}

const received = () => Buffer.concat(chunks).toString()
const receivedBytes = () => chunks.reduce((sum, { length }) => sum + length, 0)
const hits = (kind: keyof typeof proxy.counters.faults) => proxy.counters.faults[kind]

test('without a fault everything passes, both ways, and is counted', async () => {
  const client = await Client.open()
  const megabyte = 'x'.repeat(1 << 20)
  expect(await client.exchange('hello')).toBe('hello')
  expect(await client.exchange(megabyte)).toBe(megabyte)
  expect(proxy.counters).toMatchObject({
    connections: 1,
    bytesToServer: 5 + megabyte.length,
    bytesToClient: 5 + megabyte.length,
  })
})

test('the end of a stream passes as an end, not as a reset', async () => {
  const client = await Client.open()
  await client.exchange('last words')
  client.socket.end()
  await client.closed()
  expect(client.error).toBeUndefined()
  await vi.waitUntil(() => proxy.connections === 0)
})

test('a delay keeps the order of chunks, and counts a connection once', async () => {
  proxy.inject({ kind: 'delay', ms: 100, jitterMs: 50 })
  const client = await Client.open()
  const started = performance.now()
  const words = ['one ', 'two ', 'three ']
  for (const word of words) client.socket.write(word)
  await client.exchange('four')
  expect(client.text).toBe('one two three four')
  // The reply comes no earlier than the delay. How much later depends on the machine.
  expect(performance.now() - started).toBeGreaterThanOrEqual(195)
  expect(hits('delay')).toMatchObject({ hits: 1, hitsInFlight: 1 })
})

test('a bandwidth spreads bytes over time in its direction', async () => {
  const client = await Client.open()
  await client.exchange('warm')
  proxy.inject({ kind: 'bandwidth', bytesPerSecond: 10_000, direction: 'to-client' })
  const started = performance.now()
  await client.exchange('x'.repeat(3_000))
  expect(performance.now() - started).toBeGreaterThanOrEqual(290)
  expect(hits('bandwidth').hits).toBe(1)
})

test('reset-after lets exactly that many bytes through', async () => {
  const client = await Client.open()
  proxy.inject({ kind: 'reset-after', bytes: 10, direction: 'to-server' })
  expect(await client.exchange('1234')).toBe('1234')
  client.socket.write('56789abcdef')
  await client.closed()
  expect(client.error?.code).toBe('ECONNRESET')
  expect(received()).toBe('123456789a')
  expect(hits('reset-after')).toMatchObject({ hits: 1, hitsInFlight: 1, bytesInFlight: 11 })
})

test('flipped-byte damages one byte in its direction, and the connection goes on', async () => {
  const client = await Client.open()
  proxy.inject({ kind: 'flipped-byte', bytes: 5, direction: 'to-server' })
  expect(await client.exchange('abcd')).toBe('abcd')
  client.socket.write('efgh')
  await vi.waitUntil(() => receivedBytes() === 8)
  // The complement of `f` is 0x99.
  expect(Buffer.concat(chunks)).toEqual(Buffer.from([...Buffer.from('abcde'), 0x99, ...Buffer.from('gh')]))
  expect(hits('flipped-byte')).toEqual({ hits: 1, hitsInFlight: 1, bytesInFlight: 4 })
  chunks = []
  await client.exchange('ijklmnop')
  expect(received()).toBe('ijklmnop')
})

test('flipped-byte damages a reply, and each injection one byte', async () => {
  const client = await Client.open()
  const replies: Buffer[] = []
  client.socket.on('data', (chunk) => replies.push(chunk))
  proxy.injectOnce({ kind: 'flipped-byte', bytes: 0, direction: 'to-client' })
  proxy.injectOnce({ kind: 'flipped-byte', bytes: 3, direction: 'to-client' })
  client.socket.write('abcd')
  await vi.waitUntil(() => Buffer.concat(replies).length === 4)
  expect(received()).toBe('abcd')
  expect(Buffer.concat(replies).toString('hex')).toBe('9e62639b')
  expect(hits('flipped-byte').hits).toBe(2)
})

test('cut-reply: the server got the request, the client gets a reset and no byte of the reply', async () => {
  const client = await Client.open()
  await client.exchange('first')
  proxy.injectOnce({ kind: 'cut-reply' })
  client.socket.write('second')
  await client.closed()
  expect(client.error?.code).toBe('ECONNRESET')
  expect(client.text).toBe('first')
  expect(received()).toBe('firstsecond')
  expect(hits('cut-reply')).toEqual({ hits: 1, hitsInFlight: 1, bytesInFlight: 6 })
  // `injectOnce` affects only connections that are open when it is called.
  expect(await (await Client.open()).exchange('third')).toBe('third')
})

test('black-hole: connections stay, nothing passes; after heal all of it arrives', async () => {
  const before = await Client.open()
  await before.exchange('a')
  proxy.inject({ kind: 'black-hole' })
  const during = await Client.open()
  before.socket.write('b')
  during.socket.write('c')
  await vi.waitUntil(() => proxy.counters.bytesToServer === 3)
  expect(received()).toBe('a')
  expect(before.socket.destroyed || during.socket.destroyed).toBe(false)
  proxy.heal()
  await vi.waitUntil(() => before.text === 'ab' && during.text === 'c')
  expect(hits('black-hole').hits).toBe(2)
})

test('a black hole pushes back on a sender instead of buffering without bound', async () => {
  const client = await Client.open()
  await client.exchange('a')
  proxy.inject({ kind: 'black-hole' })
  const large = Buffer.alloc(64 << 20)
  client.socket.write(large)
  let seen = -1
  await vi.waitUntil(
    () => {
      const quiet = seen === proxy.counters.bytesToServer
      seen = proxy.counters.bytesToServer
      return quiet && seen > 1
    },
    { interval: 200, timeout: 20_000 },
  )
  expect(seen).toBeLessThan(large.length / 2)
  proxy.heal()
  await vi.waitUntil(() => receivedBytes() === large.length + 1, { timeout: 30_000, interval: 50 })
})

test('half-open: the server has lost the connection, the client learns of it only after heal', async () => {
  const client = await Client.open()
  await client.exchange('a')
  proxy.injectOnce({ kind: 'half-open' })
  await vi.waitUntil(() => serverSockets.size === 0)
  client.socket.write('b')
  await vi.waitUntil(() => proxy.counters.bytesToServer === 2)
  expect(client.socket.destroyed).toBe(false)
  expect(received()).toBe('a')
  proxy.heal()
  await client.closed()
  expect(client.error?.code).toBe('ECONNRESET')
})

test('a server that is not there resets the client', async () => {
  const nobody = await FaultProxy.start({ target: { port: 1 } })
  const socket = connect(nobody.port, '127.0.0.1')
  const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException]
  expect(error.code).toBe('ECONNRESET')
  await nobody.close()
})

describe('chances', () => {
  async function requestsUntilCut(seed: number): Promise<number> {
    await using chancy = await FaultProxy.start({ target: echo.address() as AddressInfo, seed })
    chancy.setChances([{ fault: { kind: 'cut-reply' }, probability: 0.2 }])
    const socket = connect(chancy.port, '127.0.0.1')
    await once(socket, 'connect')
    const client = new Client(socket)
    for (let requests = 1; ; requests++) {
      socket.write('x')
      await vi.waitUntil(() => socket.destroyed || client.text.length === requests, { interval: 1 })
      if (socket.destroyed) return requests
    }
  }

  test('strike at the same requests for the same seed', async () => {
    const first = await Promise.all([1, 2, 3, 4, 5].map(requestsUntilCut))
    const second = await Promise.all([1, 2, 3, 4, 5].map(requestsUntilCut))
    expect(second).toEqual(first)
    expect(new Set(first).size).toBeGreaterThan(1)
  })
})

test('close resets what is open and may be called twice', async () => {
  const client = await Client.open()
  await client.exchange('a')
  await proxy.close()
  await proxy.close()
  await vi.waitUntil(() => client.socket.destroyed)
  expect(proxy.connections).toBe(0)
})
