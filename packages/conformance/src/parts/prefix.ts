import assert from 'node:assert/strict'
import type { Batch, WALImpls } from '@wal/walimpls'
import { outcomeOf } from '@wal/walimpls'
import { Faults, faultyBuilder } from '@wal/walimpls/testing'
import { batchOf, bytesOf, numbers, text, textOf, textsOf } from '../kit/batches.js'
import { hurriedRuntime } from '../kit/hurried-runtime.js'
import type { PartContext } from '../kit/part.js'
import { deliveredTo, readAll } from '../kit/reading.js'
import type { Scene } from '../kit/scene.js'

/** The largest record that the kit makes, in bytes: it has to fit into memory a few times. */
const LARGEST_MADE = 96 * 1024 * 1024

interface Attempt {
  readonly name: string
  readonly batch: Batch
  readonly result: PromiseSettledResult<unknown>
}

/**
 * G3: batches in flight succeed as a prefix. Example: the batches 1, 2, 3 and 4 are in flight and 2 fails. Then 1 may be
 * acknowledged, 3 and 4 must fail, and 3 or 4 must not be stored unless 2 is.
 */
export function prefixPart({ backend, test }: PartContext): void {
  async function sendAll(wal: WALImpls, batches: readonly Batch[]): Promise<Attempt[]> {
    const results = await Promise.allSettled(batches.map((batch) => wal.append(batch)))
    return batches.map((batch, i) => ({
      name: textOf(batch.messages[0] ?? assert.fail()).slice(0, 20),
      batch,
      result: results[i] as PromiseSettledResult<unknown>,
    }))
  }

  /**
   * Compares the stored records with the outcomes of their batches. No batch may be acknowledged behind one that failed. No
   * batch may be stored that was rejected as not written, or that lies behind a missing one.
   */
  function assertPrefix(attempts: readonly Attempt[], stored: readonly string[]): void {
    const failed = attempts.findIndex(({ result }) => result.status === 'rejected')
    const acked = failed < 0 ? attempts : attempts.slice(0, failed)
    for (const [i, { name, result }] of attempts.entries()) {
      if (result.status === 'fulfilled')
        assert.ok(i < acked.length, `"${name}" was acked, though a batch sent before it had failed.`)
      else if (outcomeOf(result.reason) === 'not-written')
        assert.ok(!stored.includes(name), `"${name}" was rejected as not written, and is stored.`)
    }
    assert.deepEqual(
      stored.slice(0, acked.length),
      acked.map(({ name }) => name),
      'The log has to begin with exactly the batches that were acked, in their order.',
    )
    const rest = attempts.slice(acked.length, stored.length).map(({ name }) => name)
    assert.deepEqual(
      stored.slice(acked.length),
      rest,
      'A batch is stored, though a batch that was sent before it is not.',
    )
  }

  const takesTooLarge =
    backend.refusesTooLarge === false
      ? 'refusesTooLarge: false says that the adaptor refuses records over the limit.'
      : undefined

  async function refuseTooLarge(scene: Scene): Promise<void> {
    const { wal, batch } = await scene.writer(1)
    const { maxRecordBytes, maxInFlightBatches } = wal.limits
    const orElse = 'pass refusesTooLarge: false to the kit when only the adaptor refuses such records.'
    assert.ok(
      maxRecordBytes < LARGEST_MADE,
      `limits.maxRecordBytes is ${maxRecordBytes}. The kit makes no record of more than ${LARGEST_MADE} bytes, so it cannot test the limit: ${orElse}`,
    )
    const size = maxRecordBytes + 1
    await wal.append(batch(text('a')))
    const names = ['too large', 'b', 'c', 'd'].slice(0, maxInFlightBatches)
    const batches = names.map((name) => batch(text(name === 'too large' ? name.padEnd(size, ' ') : name)))
    const attempts = (await sendAll(wal, batches)).map((each) => ({ ...each, name: each.name.trim() }))
    const stored = async () => textsOf((await readAll(wal)).slice(2)).map((each) => each.trim())
    const [tooLarge, ...behind] = attempts
    assert.equal(
      tooLarge?.result.status,
      'rejected',
      `A record of ${size} bytes was stored, though limits.maxRecordBytes is ${maxRecordBytes}. Reject it, or ${orElse}`,
    )
    assertPrefix(attempts, await stored())
    // When every batch in flight has settled the failure is over, so batches that are sent now must be stored.
    for (const { batch: failed } of behind) await wal.append(failed)
    assert.deepEqual(await stored(), names.slice(1))
  }

  test(
    'batches in flight behind a record that is too large are refused with it, and stored when sent again',
    refuseTooLarge,
    { doesNotApply: takesTooLarge },
  )

  test('batches in flight at a close are stored as a prefix, each with a true outcome', async (scene) => {
    const { wal, batch, opener } = await scene.writer(1)
    const names = numbers(wal.limits.maxInFlightBatches)
    const sending = sendAll(
      wal,
      names.map((name) => batch(text(name))),
    )
    const closing = wal.close()
    const attempts = await sending
    await closing
    await opener.close()
    const reader = await scene.reader()
    assertPrefix(attempts, textsOf((await readAll(reader)).slice(1)))
  })

  test('batches in flight when a newer writer appends are stored as a prefix, each with a true outcome', async (scene) => {
    const older = await scene.writer(1)
    const newer = await (await scene.opener()).open(scene.channel, { term: 2, incarnation: 'newer' })
    const names = numbers(older.wal.limits.maxInFlightBatches)
    const sending = sendAll(
      older.wal,
      names.map((name) => older.batch(text(name))),
    )
    await newer.append(batchOf(0, [text('opening')]))
    const attempts = await sending
    const stored = textsOf((await readAll(newer)).slice(1))
    assertPrefix(
      attempts,
      stored.filter((name) => name !== 'opening'),
    )
  })

  test('through the adaptor: when appends fail at random nothing is lost, delivered twice or out of order', async (scene) => {
    const faults = new Faults({
      probabilities: {
        fail: { append: 0.15 },
        'write-then-fail': { append: 0.15 },
        'duplicate-then-fail': { append: 0.1 },
      },
    })
    const builder = faultyBuilder(scene.builder, faults)
    const wal = await scene.open({ builder, batchBytes: 1024, runtime: hurriedRuntime(scene.runtime()) })
    const names = numbers(200)
    await Promise.all(names.map((name) => wal.append({ payload: bytesOf(name.padEnd(200, '.')) })))
    const delivered = (await deliveredTo(wal)).map((record) => textOf(record).replaceAll('.', ''))
    assert.deepEqual(delivered, names)
    for (const kind of ['fail', 'write-then-fail', 'duplicate-then-fail'] as const)
      assert.ok(
        faults.counts[kind] > 0,
        `The fault "${kind}" never happened, so the test proves nothing about it.`,
      )
    const { maxInFlightBatches } = (await scene.reader()).limits
    assert.ok(
      maxInFlightBatches === 1 || faults.turnedAway > 0,
      'No batch was in flight behind one that failed, so the test proves nothing about those.',
    )
  })
}
