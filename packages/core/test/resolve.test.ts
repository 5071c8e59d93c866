import assert from 'node:assert/strict'
import { memoryBuilder, resetMemory } from '@wal/core/testing'
import { type OpenerBuilderImpls, systemRuntime, type WALImpls } from '@wal/walimpls'
import { afterEach, test } from 'vitest'
import { type AppendError, openWal, type ReadOnlyWAL, type WAL } from '../src/index.js'
import { overMemory } from './over-memory.js'

const opened: ReadOnlyWAL[] = []
afterEach(async () => {
  for (const wal of opened.splice(0)) await wal.close()
  resetMemory()
})

/** A unit-test fake around the memory backend. Appends are stored or not, and are answered when the gate opens. */
function gated(gate: { before?: Promise<void>; after?: Promise<void> }): OpenerBuilderImpls {
  const inner = memoryBuilder() as unknown as OpenerBuilderImpls
  return {
    ...inner,
    async build(...parameters) {
      const opener = await inner.build(...parameters)
      return {
        openReadOnly: (...open) => opener.openReadOnly(...open),
        close: () => opener.close(),
        async open(...open) {
          const log = await opener.open(...open)
          const append: WALImpls['append'] = async (batch) => {
            await gate.before
            const ids = await log.append(batch)
            await gate.after
            return ids
          }
          return new Proxy(log, {
            get: (target, name) => {
              const value = name === 'append' ? append : Reflect.get(target, name)
              return typeof value === 'function' ? value.bind(target) : value
            },
          })
        },
      }
    },
  }
}

async function open(gate = {}, more = {}): Promise<WAL> {
  const wal = await openWal('memory:', {
    // A runtime of its own, as in another process.
    runtime: { ...systemRuntime },
    channel: 'resolved',
    builder: gated(gate),
    fenceCheckMs: 0,
    closeTimeoutMs: 10,
    ...more,
  })
  opened.push(wal)
  return wal
}

async function reader(): Promise<ReadOnlyWAL> {
  const wal = await openWal('memory:', { channel: 'resolved', accessMode: 'ro', builder: gated({}) })
  opened.push(wal)
  return wal
}

const payload = Buffer.from('x')
const door = () => {
  let open = (): void => {}
  const promise = new Promise<void>((resolve) => {
    open = resolve
  })
  return { promise, open }
}
const unknown = (append: Promise<unknown>): Promise<AppendError> =>
  append.then(
    () => assert.fail('it was acknowledged'),
    (error: AppendError) => {
      assert.equal(error.code, 'WAL_OUTCOME_UNKNOWN')
      assert.ok(error.token)
      return error
    },
  )

test('G4 an append whose answer was late resolves as written, on the writer, on a reader and on the next writer', async () => {
  const gate: { after?: Promise<void> } = {}
  const wal = await open(gate)
  await wal.append({ payload })
  const late = door()
  gate.after = late.promise
  const { token } = await unknown(wal.append({ payload, vchannel: 'eu' }, { timeoutMs: 20 }))
  const asked = (await reader()).resolve(token as string)
  const resolving = wal.resolve(token as string)
  late.open()
  const [mine, theirs] = [await resolving, await asked]
  assert.equal(mine.outcome, 'written')
  assert.equal(theirs.outcome, 'written')
  if (mine.outcome !== 'written' || theirs.outcome !== 'written') return
  const [result] = mine.results
  assert.ok(result !== undefined && mine.results.length === 1)
  assert.equal(result.vchannel, 'eu')
  assert.deepEqual(
    theirs.results.map(({ messageId }) => messageId),
    [result.messageId],
  )
  const next = await open()
  assert.equal((await next.resolve(token as string)).outcome, 'written')
  // The position that resolve gives works as that of an acknowledged append.
  const seen: string[] = []
  for await (const { messageId } of next.read({ from: result.position, until: 'end' })) seen.push(messageId)
  assert.deepEqual(seen, [result.messageId])
})

test('G4 an append that never reached the backend resolves as not written when a newer writer has opened', async () => {
  const gate: { before?: Promise<void> } = {}
  const wal = await open(gate)
  await wal.append({ payload })
  const never = door()
  gate.before = never.promise
  const { token } = await unknown(wal.append({ payload }, { timeoutMs: 20 }))
  const watching = await reader()
  let told = false
  const waiting = watching.resolve(token as string).finally(() => {
    told = true
  })
  await new Promise((resolve) => setTimeout(resolve, 50))
  assert.equal(told, false, 'a reader can only wait')
  const newer = await open()
  assert.deepEqual(await waiting, { outcome: 'not-written' })
  assert.deepEqual(await newer.resolve(token as string), { outcome: 'not-written' })
  // The append is sent after all. It is fenced or its record is void, so "not written" stays true.
  never.open()
  assert.deepEqual(await wal.resolve(token as string), { outcome: 'not-written' })
  const stored: bigint[] = []
  for await (const { timeTick } of newer.read({ until: 'end' })) stored.push(timeTick)
  assert.equal(stored.length, 1)
})

test('a signal and a close end a waiting resolve, and bad tokens and those of other logs are refused', async () => {
  const gate: { before?: Promise<void> } = {}
  const wal = await open(gate)
  const never = door()
  gate.before = never.promise
  const { token } = await unknown(wal.append({ payload }, { timeoutMs: 20 }))
  const watching = await reader()
  const reason = new Error('no more')
  await assert.rejects(watching.resolve(token as string, { signal: AbortSignal.abort(reason) }), reason)
  const abort = new AbortController()
  const aborted = assert.rejects(watching.resolve(token as string, { signal: abort.signal }), reason)
  const closed = assert.rejects(watching.resolve(token as string), { code: 'WAL_CLOSED' })
  abort.abort(reason)
  await aborted
  await watching.close()
  await closed
  for (const bad of ['', 'append:', 'wal1:memory:x:1:0:a:1', undefined])
    await assert.rejects(wal.resolve(bad as string), { code: 'WAL_INVALID_ARGUMENT' })
  const other = await openWal('memory:', { channel: 'another' })
  opened.push(other)
  await assert.rejects(other.resolve(token as string), { code: 'WAL_POSITION_MISMATCH' })
  never.open()
})

test('G8 resolve rejects when the range that it has to read was truncated', async () => {
  const gate: { after?: Promise<void> } = {}
  const wal = await open(gate)
  const late = door()
  gate.after = late.promise
  const { token } = await unknown(wal.append({ payload }, { timeoutMs: 20 }))
  late.open()
  delete gate.after
  const { position } = await wal.append({ payload })
  await wal.truncate(position)
  await assert.rejects(wal.resolve(token as string), { code: 'WAL_POSITION_TRUNCATED' })
})

test('G8 resolve rejects when the range was truncated, also when the backend has freed nothing yet', async () => {
  // A backend that frees by segment may free nothing. There are three appends: the opening record, the hanging one, the rest.
  const late = door()
  let appends = 0
  const builder = overMemory((log) => ({
    truncate: async () => {},
    append: async (batch) => {
      const ids = await log.append(batch)
      if (++appends === 2) await late.promise
      return ids
    },
  }))
  const wal = await openWal('memory:', { channel: 'kept', builder, fenceCheckMs: 0, timeTickMs: 60_000 })
  opened.push(wal)
  const { token } = await unknown(wal.append({ payload }, { timeoutMs: 20 }))
  late.open()
  const { position } = await wal.append({ payload })
  await wal.truncate(position)
  await assert.rejects(wal.resolve(token as string), { code: 'WAL_POSITION_TRUNCATED' })
})
