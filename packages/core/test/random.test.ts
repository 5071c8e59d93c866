import assert from 'node:assert/strict'
import { seededRandom } from '@wal/core/testing'
import { systemRuntime } from '@wal/walimpls'
import { test } from 'vitest'
import {
  type AppendError,
  type AppendResult,
  type Message,
  type ReadOnlyWAL,
  type WAL,
  WalError,
} from '../src/index.js'
import { cleanLogs, faulty, message, open, openReader, textOf } from './harness.js'

cleanLogs()

/** The outcome of every message that was appended. */
interface History {
  readonly acked: Map<string, AppendResult>
  readonly notWritten: Set<string>
  readonly unknown: Set<string>
  /** The texts of each call in order. They have to be delivered in this order. */
  readonly calls: string[][]
}

interface Seen {
  readonly name: string
  readonly messages: Message[]
  /** The reader is given only what lies above this time tick. */
  readonly after: bigint
}

/** The runtime of this test shortens waits, so that a second has time for many faults. */
const runtime = {
  ...systemRuntime,
  setTimeout: (run: () => void, ms: number, options?: { background?: boolean }) =>
    systemRuntime.setTimeout(run, ms > 1000 ? ms : ms / 20, options),
}

const seeds = process.env.WAL_TEST_SEED
  ? [Number(process.env.WAL_TEST_SEED)]
  : [1, 2].map((i) => i + (Date.now() % 1e6) * 10)
/** Chances of a fault: four of ten appends have one, and about one of ten reads. */
const appendFaults = [
  'fail',
  'write-then-fail',
  'duplicate-then-fail',
  'duplicate',
  'fence',
  'delay',
  'full',
] as const
const readFaults = ['fail', 'cut', 'delay'] as const
const appendChance = 0.4 / appendFaults.length
const readChance = 0.08 / readFaults.length

for (const seed of seeds)
  test(`under random faults nothing is lost, delivered twice or out of order, seed ${seed}`, {
    timeout: 180_000,
  }, async () => {
    const random = seededRandom(seed)
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
    const backend = faulty({ seed })
    let driverErrors = 0
    const driverError = () => {
      if (random() >= 0.03) return undefined
      driverErrors++
      return new Error('socket hang up')
    }
    backend.plan = {
      probabilities: {
        fail: { append: appendChance, next: readChance },
        delay: { append: appendChance, next: readChance },
        'write-then-fail': { append: appendChance },
        'duplicate-then-fail': { append: appendChance },
        duplicate: { append: appendChance },
        fence: { append: appendChance },
        full: { append: appendChance },
        cut: { next: readChance },
      },
      script: { next: driverError },
      readBytes: () => 200 + Math.floor(random() * 20_000),
    }
    const options = {
      builder: backend.builder,
      runtime,
      budgetBytes: 1 << 20,
      maxWaitingBytes: 1 << 20,
      batchBytes: 8 << 10,
      timeTickMs: 5,
      bufferAgeMs: 15,
    }
    const history: History = { acked: new Map(), notWritten: new Set(), unknown: new Set(), calls: [] }
    const seen: Seen[] = []
    const events = new Map<string, number>()
    const count = (event: string) => events.set(event, (events.get(event) ?? 0) + 1)
    let made = 0
    const text = () => `${made++}`.padEnd(100 + Math.floor(random() * 3000), '.')

    const failed = (names: readonly string[], error: unknown) => {
      const outcome = WalError.isInstance(error) ? (error as AppendError).outcome : 'not-written'
      for (const name of names)
        if (!history.acked.has(name))
          (outcome === 'not-written' ? history.notWritten : history.unknown).add(name)
      count(WalError.isInstance(error) ? error.code : 'aborted')
    }

    async function append(wal: WAL): Promise<void> {
      const kind = pick(['append', 'append', 'batch', 'all', 'timeout', 'abort'])
      const names = Array.from({ length: kind === 'append' ? 1 : 1 + Math.floor(random() * 20) }, text)
      count(kind)
      history.calls.push(names)
      const controller = new AbortController()
      if (kind === 'abort') setTimeout(() => controller.abort(new Error('aborted')), random() * 4)
      const how = {
        ...(kind === 'timeout' ? { timeoutMs: 1 + Math.floor(random() * 10) } : {}),
        signal: controller.signal,
      }
      if (kind === 'append' || kind === 'timeout' || kind === 'abort') {
        await Promise.all(
          names.map((name) =>
            wal.append(message(name), how).then(
              (result) => void history.acked.set(name, result),
              (error: unknown) => failed([name], error),
            ),
          ),
        )
      } else if (kind === 'batch') {
        try {
          const results = await wal.appendBatch(names.map((name) => message(name)))
          for (const [i, name] of names.entries()) history.acked.set(name, results[i] as AppendResult)
        } catch (error) {
          const { results = [] } = error as { results?: AppendResult[] }
          for (const [i, result] of results.entries()) history.acked.set(names[i] as string, result)
          failed(names, error)
        }
      } else {
        const pulled: string[] = []
        function* source() {
          for (const name of names) {
            pulled.push(name)
            yield message(name)
          }
        }
        let i = 0
        try {
          for await (const result of wal.appendAll(source())) history.acked.set(names[i++] as string, result)
        } catch (error) {
          for (const name of names.slice(pulled.length)) history.notWritten.add(name)
          // Each message has its own outcome. The error has only that of the first message that failed.
          for (const name of pulled) if (!history.acked.has(name)) history.unknown.add(name)
          count(`appendAll ${(error as AppendError).code}`)
        }
      }
    }

    let outstanding = 0
    async function load(wal: WAL): Promise<void> {
      outstanding++
      await append(wal)
      outstanding--
    }

    const readers: Promise<void>[] = []
    const stops: (() => Promise<void>)[] = []
    function read(log: ReadOnlyWAL, from: Message | undefined, slow: boolean): void {
      const name = `${slow ? 'slow' : 'fast'} ${log.channel.accessMode} ${from === undefined ? 'all' : 'after'}`
      count(name)
      const entry: Seen = { name, messages: [], after: from?.timeTick ?? -1n }
      seen.push(entry)
      const scanner = log.read(from === undefined ? {} : { after: from.position })
      stops.push(() => scanner.close())
      const reading = (async () => {
        for await (const each of scanner) {
          entry.messages.push(each)
          if (slow && random() < 0.1) await new Promise((resolve) => setTimeout(resolve, random() * 3))
        }
      })()
      // The outcome is looked at at the end. Until then its rejection must not hide why a test failed earlier.
      reading.catch(() => {})
      readers.push(reading)
    }

    let wal = await open(options)
    const reader = await openReader(options)
    const wals = [wal]
    const appending: Promise<void>[] = []
    for (let round = 0; round < 120; round++) {
      for (let i = 0; i < 3; i++) appending.push(load(wal))
      if (round % 9 === 1) read(random() < 0.6 ? wal : reader, undefined, random() < 0.5)
      if (round % 11 === 5) {
        const known = pick(seen).messages
        const from = known[Math.floor(random() * known.length)]
        if (from !== undefined) read(random() < 0.5 ? wal : reader, from, random() < 0.5)
      }
      if (round % 30 === 29) {
        count('takeover')
        // The newer writer is in another process, so the older one does not know of it. The fence may or may not refuse its appends.
        const newer = await open({ ...options, runtime: { ...runtime } })
        appending.push(load(wal))
        wal = newer
        wals.push(newer)
      }
      // Sometimes this is more than `maxWaitingBytes` allows.
      while (outstanding > (random() < 0.05 ? 200 : 8)) await new Promise((resolve) => setTimeout(resolve, 1))
    }
    await Promise.all(appending)
    await wal.append(message('the end'))
    const truth: Message[] = []
    backend.plan = {}
    const clean = await openReader({})
    for await (const each of clean.read({ until: 'end' })) truth.push(each)
    assert.equal(textOf(truth.at(-1) as Message), 'the end')
    truth.pop()

    // Every reader comes to the end, or stays where it is when all others have come to the end.
    const lastTick = truth.at(-1)?.timeTick ?? 0n
    for (
      let i = 0;
      i < 2000 && !seen.every((each) => (each.messages.at(-1)?.timeTick ?? -1n) >= lastTick);
      i++
    )
      await new Promise((resolve) => setTimeout(resolve, 5))
    await Promise.all(stops.map((stop) => stop()))
    await Promise.all(readers)

    check(history, truth)
    const order = truth.map((each) => each.timeTick)
    for (const { name, messages, after } of seen) {
      const whole = order.filter((tick) => tick > after)
      const ticks = messages.map((each) => each.timeTick).filter((tick) => tick <= lastTick)
      assert.deepEqual(ticks, whole, `${name} delivered something else than the log holds`)
    }
    // Reading after an acknowledged position begins with the very next message.
    const acked = [...history.acked.values()]
    for (let i = 0; i < 20; i++) {
      const result = pick(acked)
      const resumed: bigint[] = []
      for await (const each of clean.read({ after: result.position, until: lastTick }))
        resumed.push(each.timeTick)
      assert.deepEqual(
        resumed,
        order.filter((tick) => tick > result.timeTick),
      )
    }
    for (const each of wals) await each.close()
    for (const event of ['append', 'batch', 'all', 'timeout', 'abort', 'takeover', 'aborted'])
      assert.ok((events.get(event) ?? 0) > 0, `${event} never happened`)
    for (const fault of appendFaults)
      assert.ok(backend.countAt('append', fault) > 0, `${fault} never happened`)
    for (const fault of readFaults)
      assert.ok(backend.countAt('next', fault) > 0, `read ${fault} never happened`)
    assert.ok(driverErrors > 0, 'no driver error ever happened')
    assert.ok(backend.countAt('next', 'fail') > driverErrors, 'no read failed but by a driver error')
    assert.ok(history.acked.size > 500, `only ${history.acked.size} acked`)
  })

function check(history: History, truth: readonly Message[]): void {
  const place = new Map<string, number>()
  for (const [i, each] of truth.entries()) {
    const name = textOf(each)
    assert.equal(place.has(name), false, `${name.slice(0, 8)} delivered twice`)
    place.set(name, i)
    if (i === 0) continue
    const before = truth[i - 1] as Message
    assert.ok(each.timeTick > before.timeTick, 'time ticks rise')
    assert.ok(each.term >= before.term, 'nothing of an older writer behind a newer one')
    assert.ok(Number.parseInt(each.messageId, 36) > Number.parseInt(before.messageId, 36), 'ids rise')
  }
  for (const [name, result] of history.acked) {
    const at = place.get(name)
    assert.ok(at !== undefined, `${name.slice(0, 8)} was acked and is lost`)
    assert.equal(truth[at]?.timeTick, result.timeTick)
  }
  for (const name of history.notWritten)
    assert.equal(place.has(name), false, `${name.slice(0, 8)} was not written, and is delivered`)
  for (const names of history.calls) {
    const places = names.map((name) => place.get(name)).filter((at) => at !== undefined)
    assert.deepEqual(
      places,
      [...places].sort((a, b) => a - b),
      'order of one call',
    )
  }
  for (const name of place.keys())
    assert.ok(history.acked.has(name) || history.unknown.has(name), `${name.slice(0, 8)} out of nowhere`)
}
