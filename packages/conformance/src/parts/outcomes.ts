import assert from 'node:assert/strict'
import { WalError } from '@wal/walimpls'
import { deferred } from '@wal/walimpls/helper'
import type { Fault } from '@wal/walimpls/testing'
import { Faults, faultyBuilder } from '@wal/walimpls/testing'
import type { AdaptorError } from '../kit/adaptor.js'
import { bytesOf, text, textsOf } from '../kit/batches.js'
import type { PartContext } from '../kit/part.js'
import { deliveredTo, readAll } from '../kit/reading.js'
import type { Scene } from '../kit/scene.js'

const record = (name: string) => ({ payload: bytesOf(name) })

/** G4: an append that fails says whether it was written: `not-written` or `unknown`. An unknown one can be resolved later. */
export function outcomesPart({ test, traits }: PartContext): void {
  /** A backend whose appends hang between `hang()` and `letGo()`, and are stored afterwards. */
  function hangingBackend({ builder }: Scene) {
    const faults = new Faults()
    let hanging = deferred()
    return {
      builder: faultyBuilder(builder, faults),
      faults,
      hang() {
        hanging = deferred()
        faults.plan = { script: { append: (): Fault => ({ until: hanging.promise }) } }
      },
      letGo() {
        faults.plan = {}
        hanging.resolve()
      },
    }
  }

  const failure = (promise: Promise<unknown>): Promise<AdaptorError> =>
    promise.then(
      () => assert.fail('The append had to reject, but it was acked.'),
      (error: AdaptorError) => error,
    )

  test('an append to a closed log rejects with the outcome not-written', async (scene) => {
    const { wal, batch, opener } = await scene.writer(1)
    await wal.close()
    const closed = await failure(wal.append(batch(text('late'))))
    assert.deepEqual([closed.code, closed.outcome], ['WAL_CLOSED', 'not-written'])
    await opener.close()
    assert.deepEqual(textsOf(await readAll(await scene.reader())), ['opening of term 1'])
  })

  test(
    'an append that rejects with WAL_FENCED has an outcome',
    async (scene) => {
      const older = await scene.writer(1)
      const newer = await scene.writer(2)
      const fenced = await failure(older.append(text('late')))
      assert.equal(fenced.code, 'WAL_FENCED')
      assert.equal(
        WalError.isInstance(fenced),
        true,
        'The append rejected with code WAL_FENCED, but not with a WalError. Reject with AppendError.',
      )
      assert.match(
        String(fenced.outcome),
        /^(not-written|unknown)$/,
        'The WAL_FENCED error of the append has no `outcome`. Reject with AppendError.',
      )
      assert.deepEqual(textsOf(await readAll(newer.wal)), ['opening of term 1', 'opening of term 2'])
    },
    { doesNotApply: traits.fencing === 'none' ? 'traits.fencing is none.' : undefined },
  )

  test('through the adaptor: a deadline or an abort ends the caller’s wait, not an append that was sent', async (scene) => {
    const hanging = hangingBackend(scene)
    const wal = await scene.open({ builder: hanging.builder })
    const reader = await scene.openReader()
    scene.atEnd('letting hung appends go', async () => hanging.letGo())
    hanging.hang()
    const controller = new AbortController()
    const reason = new Error('enough')
    const timed = failure(wal.append(record('timed'), { timeoutMs: 30 }))
    const aborted = failure(wal.append(record('aborted'), { signal: controller.signal }))
    // A message that is appended while a batch hangs stays in the queue, unless the backend takes several batches at once.
    const unknown = await timed
    const queued = failure(wal.append(record('queued'), { timeoutMs: 30 }))
    controller.abort(reason)
    assert.deepEqual([unknown.code, unknown.outcome], ['WAL_OUTCOME_UNKNOWN', 'unknown'])
    assert.equal((unknown.cause as { code?: string }).code, 'WAL_TIMEOUT')
    assert.equal(typeof unknown.token, 'string')
    const given = await aborted
    if ((given as unknown) !== reason) {
      assert.deepEqual([given.code, given.outcome], ['WAL_OUTCOME_UNKNOWN', 'unknown'])
      assert.equal(given.cause, reason)
    }
    const inQueue = await queued
    assert.match(inQueue.code, /^WAL_(TIMEOUT|OUTCOME_UNKNOWN)$/)
    hanging.letGo()
    await wal.append(record('later'))
    const names = textsOf(await deliveredTo(wal))
    assert.equal(names.includes('timed'), true)
    if (inQueue.code === 'WAL_TIMEOUT') assert.equal(names.includes('queued'), false)
    if ((given as unknown) === reason) assert.equal(names.includes('aborted'), false)
    for (const log of [wal, reader]) {
      const resolved = await log.resolve(unknown.token as string)
      assert.ok(
        resolved.outcome === 'written',
        `"timed" was delivered, but resolve() answered ${resolved.outcome}.`,
      )
      const [found] = textsOf(await deliveredTo(log, { from: resolved.results[0]?.position as string }))
      assert.equal(found, 'timed')
    }
  })

  test('through the adaptor: an append whose request was lost resolves as not written, in any process', async (scene) => {
    const hanging = hangingBackend(scene)
    const wal = await scene.open({ builder: hanging.builder, closeTimeoutMs: 0 })
    await wal.append(record('a'))
    hanging.faults.plan = { script: { append: (): Fault => 'cut' } }
    const lost = await failure(wal.append(record('lost'), { timeoutMs: 30 }))
    assert.equal(lost.outcome, 'unknown')
    await wal.close()
    const newer = await scene.open()
    const reader = await scene.openReader()
    for (const log of [newer, reader])
      assert.deepEqual(await log.resolve(lost.token as string), { outcome: 'not-written' })
    assert.deepEqual(textsOf(await deliveredTo(newer)), ['a'])
  })

  test('through the adaptor: an append whose answer was lost succeeds and is delivered once', async (scene) => {
    const faults = new Faults({ script: { append: () => undefined } })
    const wal = await scene.open({ builder: faultyBuilder(scene.builder, faults) })
    faults.plan = { script: { append: { 1: 'write-then-fail', 2: 'fail', 3: 'write-then-fail' } } }
    await wal.append(record('once'))
    await scene.waiting.until('an answer was lost', () => faults.counts['write-then-fail'] > 0)
    assert.deepEqual(textsOf(await deliveredTo(wal)), ['once'])
    assert.deepEqual(textsOf(await deliveredTo(await scene.openReader())), ['once'])
  })
}
