import assert from 'node:assert/strict'
import { memoryBuilder } from '@wal/core/testing'
import {
  type OpenerBuilderImpls,
  type OpenerImpls,
  type OptionTable,
  systemRuntime,
  WalError,
} from '@wal/walimpls'
import { expect, test } from 'vitest'
import { adaptBuilder } from '../../src/builder.js'
import { type Opener, openWal } from '../../src/index.js'
import { cleanLogs, message, pause, SMALL, within } from '../harness.js'

cleanLogs()

const options: OptionTable = {
  hosts: { type: 'texts', from: 'hosts', description: 'servers' },
  name: { type: 'text', from: 'path', default: 'shared', description: 'which of the process’ stores' },
  password: { type: 'text', secret: true, description: 'of the user' },
  client: { type: 'value', description: 'one that is there already' },
}

/** The memory backend with options that differ. It records which openers are built and closed. */
class CountingBackend {
  built = 0
  closed = 0
  /** While this is set, each build of an opener waits for this promise. */
  before: (signal: AbortSignal | undefined) => Promise<unknown> = async () => {}
  readonly builder: OpenerBuilderImpls

  constructor() {
    const inner = memoryBuilder()
    this.builder = {
      ...(inner as unknown as OpenerBuilderImpls),
      options,
      build: async (given, runtime, waits) => {
        await this.before(waits?.signal)
        this.built++
        const { name } = given as { name: string }
        const rest = { maxRecordBytes: 1 << 20, maxInFlightBatches: 4, maxIdleMs: 0 }
        const opener = await inner.build({ name, ...rest }, runtime)
        return this.#counted(opener as unknown as OpenerImpls)
      },
    }
  }

  #counted(opener: OpenerImpls): OpenerImpls {
    let closed = false
    return {
      open: (...parameters) => opener.open(...parameters),
      openReadOnly: (...parameters) => opener.openReadOnly(...parameters),
      close: async () => {
        if (!closed) this.closed++
        closed = true
        await opener.close()
      },
    }
  }
}

test('equal options, as URL or object, share one opener until the last handle is closed', async () => {
  const backend = new CountingBackend()
  const one = await openWal('memory://a,b/x?password=p', {
    channel: 'one',
    builder: backend.builder,
    ...SMALL,
  })
  const build = { hosts: ['a', 'b'], name: 'x', password: 'p' }
  const opener = await adaptBuilder(backend.builder).build(build)
  const two = await opener.open({ channel: { name: 'two' }, ...SMALL })
  assert.deepEqual([backend.built, backend.closed], [1, 0])
  await one.close()
  await one.close()
  assert.equal(backend.closed, 0)
  await two.append(message('the client is there'))
  await Promise.all([opener.close(), opener.close()])
  assert.deepEqual([backend.built, backend.closed], [1, 1])
  await assert.rejects(two.append(message('x')), { code: 'WAL_CLOSED' })
  // An opener that was closed is not used again.
  const later = await adaptBuilder(backend.builder).build(build)
  assert.equal(backend.built, 2)
  await later.close()
  assert.equal(backend.closed, 2)
})

test('a handle closes its own logs, not those of another', async () => {
  const { builder } = new CountingBackend()
  const [one, other] = await Promise.all([adaptBuilder(builder).build({}), adaptBuilder(builder).build({})])
  const mine = await (one as Opener).open({ channel: { name: 'mine' }, ...SMALL })
  const theirs = await (other as Opener).open({ channel: { name: 'theirs' }, ...SMALL })
  await one?.close()
  assert.equal(mine.signal.aborted, true)
  await assert.rejects((one as Opener).open({ channel: { name: 'late' } }), { code: 'WAL_CLOSED' })
  await theirs.append(message('goes on'))
  await other?.close()
})

test.each([
  ['another text', { name: 'other' }],
  ['a secret', { password: 'p' }],
  ['another list', { hosts: ['a'] }],
  ['a client', { client: { send() {} } }],
])('options that differ in %s have an opener of their own', async (_, different) => {
  const backend = new CountingBackend()
  const build = (given: object) => adaptBuilder(backend.builder).build({ ...given })
  const openers = await Promise.all([build({}), build(different), build(different)])
  assert.equal(backend.built, 2)
  // Two clients count as different even if they are equal, field by field.
  if ('client' in different) {
    openers.push(await build({ client: { ...different.client } }))
    assert.equal(backend.built, 3)
  }
  for (const opener of openers) await opener.close()
  assert.equal(backend.closed, backend.built)
})

test('another runtime or another builder is another opener', async () => {
  const [backend, other] = [new CountingBackend(), new CountingBackend()]
  const openers = [
    await adaptBuilder(backend.builder).build({}),
    await adaptBuilder(backend.builder).build({}, { runtime: { ...systemRuntime } }),
    await adaptBuilder(other.builder).build({}),
  ]
  assert.deepEqual([backend.built, other.built], [2, 1])
  for (const opener of openers) await opener.close()
  assert.deepEqual([backend.closed, other.closed], [2, 1])
})

test('two builds at the same time are one build, which goes on when one caller gives up', async () => {
  const backend = new CountingBackend()
  let go = () => {}
  let given: AbortSignal | undefined
  backend.before = (signal) => {
    given = signal
    return new Promise<void>((resolve) => (go = resolve))
  }
  const controller = new AbortController()
  const abandoned = adaptBuilder(backend.builder).build({}, { signal: controller.signal })
  const waiting = adaptBuilder(backend.builder).build({})
  controller.abort(new Error('enough'))
  await assert.rejects(within(abandoned), { message: 'enough' })
  assert.equal(given?.aborted, false)
  go()
  const opener = await within(waiting)
  assert.equal(backend.built, 1)
  await opener.close()
  assert.equal(backend.closed, 1)
})

test('a build that every caller gave up is aborted, and its opener is closed when it succeeds', async () => {
  const backend = new CountingBackend()
  let go = () => {}
  let given: AbortSignal | undefined
  backend.before = (signal) => {
    given = signal
    return new Promise<void>((resolve) => (go = resolve))
  }
  const controllers = [new AbortController(), new AbortController()]
  const builds = controllers.map(({ signal }) => adaptBuilder(backend.builder).build({}, { signal }))
  for (const controller of controllers) controller.abort(new Error('enough'))
  for (const build of builds) await assert.rejects(within(build), { message: 'enough' })
  assert.equal(given?.aborted, true)
  // A new build does not get the opener that is being given up.
  const finish = go
  backend.before = async () => {}
  const fresh = await within(adaptBuilder(backend.builder).build({}))
  finish()
  await expect.poll(() => backend.closed, { timeout: 20_000 }).toBe(1)
  assert.equal(backend.built, 2)
  await fresh.close()
  assert.equal(backend.closed, 2)
})

test('a failed build rejects all calls that wait for it, and the next call builds again', async () => {
  const backend = new CountingBackend()
  backend.before = async () => {
    await pause(1)
    throw new WalError('WAL_UNAVAILABLE', 'no connection')
  }
  const builds = [adaptBuilder(backend.builder).build({}), adaptBuilder(backend.builder).build({})]
  for (const build of builds) await assert.rejects(build, { code: 'WAL_UNAVAILABLE' })
  backend.before = async () => {}
  const opener = await adaptBuilder(backend.builder).build({})
  assert.equal(backend.built, 1)
  await opener.close()
})

test('a failed openWal gives its share back', async () => {
  const backend = new CountingBackend()
  const { builder } = backend
  await assert.rejects(openWal('memory:', { builder, channel: 'missing', accessMode: 'ro' }), {
    code: 'WAL_CHANNEL_NOT_FOUND',
  })
  assert.deepEqual([backend.built, backend.closed], [1, 1])
})

test('openWal refuses bad options before it connects', async () => {
  const backend = new CountingBackend()
  const { builder } = backend
  const bad = [{ channel: 'NO' }, { channel: 'log', term: -1 }, { channel: 'log', budgetBytes: 1 }]
  for (const options of bad)
    await assert.rejects(openWal('memory:', { builder, ...options }), { code: 'WAL_INVALID_ARGUMENT' })
  assert.equal(backend.built, 0)
})
