import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { addonError } from '../../src/native/addon-error.js'
import { loadPulsarClient } from '../../src/native/load-pulsar-client.js'
import { failure, NativeScene, TOPIC } from './scene.js'

test('the client is given every host, and time limits of its own', async () => {
  const scene = new NativeScene()
  await scene.producer()
  expect(scene.addon.clients[0]?.config).toMatchObject({
    serviceUrl: 'pulsar://one:6650,two:7000',
    operationTimeoutSeconds: 10,
    connectionTimeoutMs: 10_000,
    logLevel: 3,
  })
})

test('with TLS the client uses its port and checks the host’s name', async () => {
  const scene = new NativeScene({ tls: true })
  await scene.producer()
  expect(scene.addon.clients[0]?.config).toMatchObject({
    serviceUrl: 'pulsar+ssl://one:6651,two:7000',
    tlsValidateHostname: true,
    tlsAllowInsecureConnection: false,
  })
})

test('certificates in memory are refused, since the client takes files', () => {
  expect(() => new NativeScene({ tls: true, tlsOptions: { ca: 'a certificate' } })).toThrow(/driver=protocol/)
})

test('the addon is given a token, never a function', async () => {
  let asked = 0
  const scene = new NativeScene({ tokenSupplier: async () => `token ${++asked}` })
  await scene.producer()
  await scene.producer()
  expect(scene.addon.clients.map(({ config }) => config.authentication)).toEqual([
    { token: 'token 1' },
    { token: 'token 2' },
  ])
})

test('a token that can’t be had fails the call, and no client is made', async () => {
  const scene = new NativeScene({ tokenSupplier: () => Promise.reject(new Error('no token today')) })
  expect((await failure(scene.producer())).message).toContain('no token today')
  expect(scene.addon.clients).toHaveLength(0)
})

test('what the client has no call for is asked of the other driver', async () => {
  const { driver } = new NativeScene()
  expect(await driver.exists(TOPIC)).toBe(true)
  expect(await driver.list('public/default')).toEqual([TOPIC])
  expect((await driver.cursor(TOPIC, { make: true })).found).toBe(false)
  expect(driver.maxMessageBytes).toBe(5 * 1024 * 1024)
  expect(driver.choice).toEqual({ name: 'native', reason: 'A test chose it.' })
})

test('close closes every client and the other driver, and refuses later calls', async () => {
  const scene = new NativeScene()
  await scene.producer()
  await scene.reader()
  await scene.driver.close()
  expect(scene.addon.clients.map(({ closed }) => closed)).toEqual([true, true])
  expect((await failure(scene.producer())).code).toBe('WAL_CLOSED')
  expect((await failure(scene.reader())).code).toBe('WAL_CLOSED')
})

test('a reader that fails to close does not keep the connections of the other driver open', async () => {
  const scene = new NativeScene()
  const reader = scene.protocol.reader.bind(scene.protocol)
  scene.protocol.reader = async (topic, options) =>
    Object.assign(await reader(topic, options), { close: () => Promise.reject(new Error('no answer')) })
  await scene.reader()
  let closed = false
  scene.protocol.close = async () => {
    closed = true
  }
  await scene.driver.close()
  expect(closed).toBe(true)
})

test.each([
  ['Failed to send message: ResultProducerFenced', 'ProducerFenced'],
  ['Failed to create producer: ProducerBusy', 'ProducerBusy'],
  ['Failed to create reader: TopicNotFound', 'TopicNotFound'],
  ['Failed to send message: BrokerPersistenceError', 'PersistenceError'],
  ['Failed to create producer: AuthorizationError', 'AuthorizationError'],
  ['Failed to create producer: ProducerBlockedQuotaExceededError', 'ProducerBlockedQuotaExceededError'],
  ['Failed to create reader: ResultNotAllowedError', 'NotAllowedError'],
])('the text "%s" is the broker’s error %s', (text, code) => {
  expect(addonError(new Error(text))).toMatchObject({ name: 'PulsarError', code, message: text })
})

test.each([
  'Failed to send message: TimeOut',
  'Failed to send message: AlreadyClosed',
  'Failed to create reader: ConnectError',
  'Failed to send message: ResultDisconnected',
  'something that nobody has seen',
  'constructor',
  '',
])('the text "%s" says nothing about what the broker has done', (text) => {
  expect(addonError(new Error(text)).name).toBe('CallFailure')
})

test('the package that is not installed is no error', async () => {
  const missing = (text: string, code = 'ERR_MODULE_NOT_FOUND') =>
    loadPulsarClient(undefined, () => Promise.reject(Object.assign(new Error(text), { code })))
  expect(await missing("Cannot find package 'pulsar-client' imported from /app/index.js")).toBeUndefined()
  expect(
    await missing("Cannot find module 'pulsar-client'\nRequire stack:", 'MODULE_NOT_FOUND'),
  ).toBeUndefined()
})

test('in this workspace the package is not installed', async () => {
  expect(await loadPulsarClient()).toBeUndefined()
})

test('a package without its binary is an error that names both remedies', async () => {
  const text = "Cannot find module '/app/node_modules/pulsar-client/lib/binding/pulsar.node'"
  const error = await failure(
    loadPulsarClient(undefined, () =>
      Promise.reject(Object.assign(new Error(text), { code: 'MODULE_NOT_FOUND' })),
    ),
  )
  expect(error).toMatchObject({ code: 'WAL_UNAVAILABLE', retryable: false })
  expect(error.message).toContain('pulsar.node')
  expect(error.message).toContain('install step')
  expect(error.message).toContain('driver=protocol')
})

test('the binary that this workspace does not have is told as such', async () => {
  const error = await failure(loadPulsarClient(undefined, () => import('pulsar-client-types')))
  expect(error.message).toContain("can't be loaded")
})

test('another module of that name is refused', async () => {
  expect((await failure(loadPulsarClient(undefined, async () => ({ default: {} })))).message).toContain(
    'no Client',
  )
})

test('the module can be given, or the path of the package', async () => {
  const { module } = new NativeScene().addon
  expect(await loadPulsarClient(module)).toBe(module)
  expect(await loadPulsarClient({ default: module })).toBe(module)
  const folder = fileURLToPath(new URL('../../node_modules/pulsar-client-types', import.meta.url))
  expect((await failure(loadPulsarClient(folder))).message).toContain('pulsar.node')
})

test('a path without the package is an error', async () => {
  expect((await failure(loadPulsarClient('/nowhere/pulsar-client'))).code).toBe('WAL_UNAVAILABLE')
})
