import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { seededRandom } from '@wal/core/testing'
import { test } from 'vitest'
import { type Interceptor, type NewMessage, registerMessageType, type WAL } from '../src/index.js'
import {
  cleanLogs,
  type FaultyBackend,
  faulty,
  isPending,
  message,
  open,
  pause,
  textOf,
  texts,
  turn,
  within,
} from './harness.js'

cleanLogs()

const EXCLUSIVE = 7001
registerMessageType({ number: EXCLUSIVE, name: 'TestExclusive', exclusive: true })

const exclusive = (text: string, vchannel = ''): NewMessage => message(text, { vchannel, type: EXCLUSIVE })
const on = (text: string, vchannel: string): NewMessage => message(text, { vchannel })
const jitter: Interceptor = {
  name: 'jitter',
  async append({ message: given }, next) {
    await pause((textOf(given).length * 7919) % 5)
    return next(given)
  },
}

/** The texts of the batches that the backend was given. Each batch waits until `letGo`. */
function watched(backend: FaultyBackend): string[][] {
  const sent: string[][] = []
  backend.plan = {
    script: {
      append: ({ batch }) => {
        sent.push((batch?.messages ?? []).map(textOf).filter((text) => text !== ''))
        return backend.hang()
      },
    },
  }
  return sent
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn()
}

async function letGoWhile(backend: FaultyBackend, work: Promise<unknown>): Promise<void> {
  let done = false
  void work.finally(() => {
    done = true
  })
  while (!done) {
    backend.letGo()
    await turn()
  }
}

test('an exclusive message waits for the outcomes of all earlier messages of its vchannel, and later ones wait for its outcome', async () => {
  const backend = faulty()
  const wal = await open({ builder: backend.builder, timeTickMs: 60_000 })
  const sent = watched(backend)
  const before = wal.append(on('before', 'a'))
  await until(() => sent.length === 1)
  const alone = wal.append(exclusive('X', 'a'))
  const after = wal.append(on('after', 'a'))
  const elsewhere = wal.append(on('elsewhere', 'b'))
  const ofAll = wal.append(on('of all', ''))
  backend.letGo()
  await within(before)
  await until(() => sent.length === 2)
  assert.deepEqual(
    sent[1],
    ['elsewhere'],
    'another vchannel does not wait; X waits for what was in flight when it came',
  )
  backend.letGo()
  await within(elsewhere)
  await until(() => sent.length === 3)
  assert.deepEqual(sent[2], ['X'])
  assert.equal(await isPending(after), true)
  assert.equal(await isPending(ofAll), true, 'a message without vchannel belongs to each of them')
  backend.letGo()
  await within(alone)
  await until(() => sent.length === 4)
  assert.deepEqual(sent[3]?.sort(), ['after', 'of all'])
  backend.letGo()
  await within(Promise.all([after, ofAll]))
  const straight = wal.append(on('straight', 'a'))
  await until(() => sent.length === 5)
  backend.letGo()
  await straight
})

test('an exclusive message without a vchannel excludes all other messages of the log', async () => {
  const backend = faulty()
  const wal = await open({ builder: backend.builder, timeTickMs: 60_000 })
  const sent = watched(backend)
  const appends = [
    on('1', 'a'),
    on('2', 'b'),
    exclusive('X'),
    on('3', 'a'),
    exclusive('Y', 'a'),
    on('4', 'b'),
  ].map((each) => wal.append(each))
  await letGoWhile(backend, Promise.all(appends))
  assert.deepEqual(sent, [['1', '2'], ['X'], ['3', '4'], ['Y']])
})

for (const way of ['append', 'appendBatch', 'appendAll'] as const)
  test(`messages around an exclusive one keep the order of their calls: ${way}`, async () => {
    for (const interceptors of [[], [jitter]]) {
      const wal = await open({ channel: `order-${way.toLowerCase()}-${interceptors.length}`, interceptors })
      const messages = Array.from({ length: 40 }, (_, i) =>
        i % 7 === 3 ? exclusive(String(i), 'a') : on(String(i), 'a'),
      )
      const settled: number[] = []
      if (way === 'append')
        await Promise.all(messages.map((each, i) => wal.append(each).then(() => settled.push(i))))
      else if (way === 'appendBatch')
        await Promise.all([
          wal.appendBatch(messages.slice(0, 20)).then(() => settled.push(0)),
          wal.appendBatch(messages.slice(20)).then(() => settled.push(1)),
        ])
      else {
        let last = -1n
        for await (const { timeTick } of wal.appendAll(messages)) {
          assert.ok(timeTick > last)
          last = timeTick
          settled.push(settled.length)
        }
      }
      const expected = messages.map((_, i) => i)
      assert.deepEqual(settled, expected.slice(0, settled.length))
      assert.deepEqual(await texts(wal.read({ until: 'end' })), expected.map(String))
    }
  })

test('an exclusive message of the whole log keeps its place in the order of calls of every vchannel', async () => {
  let go = (): void => {}
  const gate = new Promise<void>((resolve) => {
    go = resolve
  })
  const holding: Interceptor = {
    name: 'holds the first',
    async append({ message: given }, next) {
      if (textOf(given) === '1') await gate
      return next(given)
    },
  }
  const wal = await open({ interceptors: [holding] })
  const appends = [on('1', 'a'), exclusive('X'), on('2', 'b')].map((each) => wal.append(each))
  assert.equal(await isPending(Promise.race(appends)), true)
  go()
  await within(Promise.all(appends))
  assert.deepEqual(await texts(wal.read({ until: 'end' })), ['1', 'X', '2'])
})

test('a message that need not wait is neither stored nor settled before one that waited and was appended earlier', async () => {
  const wal = await open()
  const settled: string[] = []
  const append = (each: NewMessage) => wal.append(each).then(() => settled.push(textOf(each)))
  const expected: string[] = []
  const appends: Promise<unknown>[] = []
  for (let i = 0; i < 300; i++) {
    const text = String(i)
    appends.push(append(i % 50 === 10 ? exclusive(text, 'a') : on(text, 'a')))
    expected.push(text)
    if (i % 3 === 0) await Promise.resolve()
    if (i % 17 === 0) await turn()
  }
  await within(Promise.all(appends), 10_000)
  assert.deepEqual(settled, expected)
  assert.deepEqual(await texts(wal.read({ until: 'end' })), expected)
})

test('a deadline, an abort and a close end each wait of an exclusive message, which is not written and delays no later one', async () => {
  const backend = faulty()
  const wal = await open({ builder: backend.builder, timeTickMs: 60_000, closeTimeoutMs: 20 })
  watched(backend)
  const inFlight = wal.append(on('in flight', 'a'))
  await turn()
  const controller = new AbortController()
  const { signal } = controller
  const late = wal.append(exclusive('late', 'a'), { timeoutMs: 20 })
  // Three messages wait for three things: the pipeline, an exclusive message, and their turn in the order of calls.
  const waiting = [exclusive('X', 'b'), on('behind', 'b'), exclusive('Y'), on('last', 'c')].map((each) =>
    wal.append(each, { signal }),
  )
  const outcomes = Promise.allSettled(waiting)
  await assert.rejects(within(late), { code: 'WAL_TIMEOUT', outcome: 'not-written' })
  assert.equal(await isPending(outcomes), true)
  controller.abort(new Error('enough'))
  for (const outcome of await within(outcomes)) {
    assert.equal(outcome.status, 'rejected')
    assert.equal((outcome as PromiseRejectedResult).reason.message, 'enough')
  }
  assert.equal(getEventListeners(signal, 'abort').length, 0)
  const next = wal.append(on('next', 'b'))
  await letGoWhile(backend, Promise.all([inFlight, next]))
  const stuck = wal.append(on('stuck', 'a'))
  await turn()
  const closed = [exclusive('Z', 'a'), on('behind Z', 'a')].map((each) => wal.append(each))
  const ended = Promise.allSettled([stuck, ...closed])
  await within(wal.close())
  const [sent, ...unsent] = await within(ended)
  assert.equal((sent as PromiseRejectedResult).reason.outcome, 'unknown')
  for (const outcome of unsent) {
    const { reason } = outcome as PromiseRejectedResult
    assert.deepEqual([reason.code, reason.outcome], ['WAL_CLOSED', 'not-written'])
  }
})

test('an exclusive message whose caller gave up still excludes later ones until the backend has answered', async () => {
  const backend = faulty()
  const wal = await open({ builder: backend.builder, timeTickMs: 60_000 })
  const sent = watched(backend)
  await assert.rejects(within(wal.append(exclusive('X', 'a'), { timeoutMs: 30 })), {
    code: 'WAL_OUTCOME_UNKNOWN',
  })
  assert.deepEqual(sent, [['X']])
  await assert.rejects(within(wal.append(on('impatient', 'a'), { timeoutMs: 20 })), {
    code: 'WAL_TIMEOUT',
    message: /while an interceptor held/,
  })
  const later = wal.append(on('later', 'a'))
  assert.equal(await isPending(later), true)
  assert.equal(sent.length, 1)
  await letGoWhile(backend, later)
  assert.deepEqual(await texts(wal.read({ until: 'end' })), ['X', 'later'])
})

test('the lock uses the message as the outer interceptors pass it on', async () => {
  const backend = faulty()
  const promote: Interceptor = {
    name: 'promote',
    append: ({ message: given }, next) =>
      next(textOf(given) === 'X' ? { ...given, type: EXCLUSIVE, vchannel: '' } : given),
  }
  const wal = await open({ builder: backend.builder, interceptors: [promote], timeTickMs: 60_000 })
  const sent = watched(backend)
  const appends = [on('1', 'a'), on('X', 'b'), on('2', 'a')].map((each) => wal.append(each))
  await letGoWhile(backend, Promise.all(appends))
  const at = sent.findIndex((batch) => batch.includes('X'))
  assert.deepEqual(sent[at], ['X'])
})

interface Append {
  readonly vchannel: string
  readonly exclusive: boolean
}

const overlap = (one: Append, other: Append): boolean =>
  one.vchannel === other.vchannel || one.vchannel === '' || other.vchannel === ''

/** Checks that no append of the same vchannel or log is in flight together with an exclusive one. */
class Exclusion {
  readonly appends = new Map<string, Append>()
  readonly #live = new Map<string, Append>()
  alone = 0

  sent(names: readonly string[]): void {
    for (const name of names) {
      const append = this.appends.get(name) as Append
      if (append.exclusive) this.alone++
      for (const [other, at] of this.#live)
        assert.ok(
          !(overlap(append, at) && (append.exclusive || at.exclusive)),
          `${name} ${JSON.stringify(append)} was sent while ${other} ${JSON.stringify(at)} was on its way`,
        )
      this.#live.set(name, append)
    }
  }

  ended(names: readonly string[]): void {
    for (const name of names) this.#live.delete(name)
  }
}

const nameOf = (payload: { readonly payload: Uint8Array }): string => textOf(payload).split(' ')[0] as string

async function mixAppends(
  wal: WAL,
  exclusion: Exclusion,
  random: () => number,
): Promise<[Append, string, boolean][]> {
  const called: [Append, string, boolean][] = []
  const work: Promise<unknown>[] = []
  const pick = <T>(...choices: readonly T[]): T => choices[Math.floor(random() * choices.length)] as T
  const make = (): { name: string; append: Append; given: NewMessage } => {
    const append = { vchannel: pick('a', 'a', 'b', 'c', ''), exclusive: random() < 0.06 }
    const name = `m${exclusion.appends.size}`
    exclusion.appends.set(name, append)
    const text = `${name} ${'.'.repeat(pick(1, 60_000, 60_000))}`
    const given = append.exclusive ? exclusive(text, append.vchannel) : on(text, append.vchannel)
    return { name, append, given }
  }
  for (let i = 0; i < 150; i++) {
    const way = random()
    if (way < 0.8) {
      const { name, append, given } = make()
      const signal = random() < 0.1 ? AbortSignal.timeout(Math.floor(random() * 5)) : undefined
      called.push([append, name, signal === undefined])
      work.push(
        wal.append(given, signal && { signal }).catch((error: unknown) => {
          if (signal === undefined) throw error
        }),
      )
    } else {
      const made = [make(), make(), make()]
      for (const { name, append } of made) called.push([append, name, true])
      const messages = made.map(({ given }) => given)
      if (way < 0.9) work.push(wal.appendBatch(messages))
      else work.push(drain(wal.appendAll(messages)))
    }
    const rest = random()
    if (rest < 0.1) await turn()
    else if (rest < 0.13) await pause(2)
  }
  await within(Promise.all(work), 30_000)
  return called
}

async function drain(source: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of source);
}

test('in random mixes exclusive messages exclude others, order is kept, nothing is lost and every append settles', {
  timeout: 60_000,
}, async () => {
  const counts = { alone: 0, sends: 0, inFlight: 0 }
  for (let round = 0; round < 8; round++) {
    const seed = 1 + (Date.now() % 1e6) * 10 + round
    const random = seededRandom(seed)
    const exclusion = new Exclusion()
    const backend = faulty()
    const interceptors = round % 2 === 0 ? [] : [jitter]
    const wal = await open({
      builder: backend.builder,
      channel: `mix-${round}`,
      interceptors,
      budgetBytes: 64 << 20,
      batchBytes: 64 << 10,
    })
    let failure: unknown
    let inFlight = 0
    backend.plan = {
      script: {
        append: ({ batch }) => {
          const names = (batch?.messages ?? []).filter(({ payload }) => payload.length > 0).map(nameOf)
          counts.sends++
          if (++inFlight > 1) counts.inFlight++
          try {
            exclusion.sent(names)
          } catch (error) {
            failure ??= error
          }
          const answered = (random() < 0.3 ? pause(3) : turn()).then(() => {
            inFlight--
            exclusion.ended(names)
          })
          return { until: answered }
        },
      },
    }
    const called = await mixAppends(wal, exclusion, random)
    if (failure !== undefined) throw new Error(`seed ${seed}`, { cause: failure })
    counts.alone += exclusion.alone
    for (const vchannel of ['a', 'b', 'c', '']) {
      const stored: string[] = []
      for await (const each of wal.read({ until: 'end' }))
        if (each.vchannel === vchannel) stored.push(nameOf(each))
      const here = called.filter(([append]) => append.vchannel === vchannel)
      const order = here.map(([, name]) => name).filter((name) => stored.includes(name))
      assert.deepEqual(stored, order, `seed ${seed}: order on ${vchannel}`)
      for (const [, name, certain] of here)
        if (certain) assert.ok(stored.includes(name), `seed ${seed}: ${name} is lost`)
    }
    await wal.close()
  }
  assert.ok(counts.alone > 20 && counts.inFlight > 20, JSON.stringify(counts))
})
