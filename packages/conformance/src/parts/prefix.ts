import assert from 'node:assert/strict'
import type { Batch, WALImpls } from '@wal/walimpls'
import { outcomeOf } from '@wal/walimpls'
import { Faults, faultyBuilder } from '@wal/walimpls/testing'
import { batchOf, bytesOf, numbers, text, textOf, textsOf } from '../kit/batches.js'
import { hurriedRuntime } from '../kit/hurried-runtime.js'
import type { PartContext } from '../kit/part.js'
import { deliveredTo, readAll } from '../kit/reading.js'
import type { Scene } from '../kit/scene.js'

/** A record of more is not made for a test. */
const LARGEST_MADE = 96 * 1024 * 1024

interface Attempt {
  readonly name: string
  readonly batch: Batch
  readonly result: PromiseSettledResult<unknown>
}

/** G3: batches in flight succeed as a prefix. */
export function prefixPart({ backend, test }: PartContext): void {
  async function sendAll(wal: WALImpls, batches: readonly Batch[]): Promise<Attempt[]> {
    const results = await Promise.allSettled(batches.map((batch) => wal.append(batch)))
    return batches.map((batch, i) => ({
      name: textOf(batch.messages[0] ?? assert.fail()).slice(0, 20),
      batch,
      result: results[i] as PromiseSettledResult<unknown>,
    }))
  }

  /** Names of what was stored, checked against the outcomes: nothing acked behind a failure, nothing stored that was refused. */
  function assertPrefix(attempts: readonly Attempt[], stored: readonly string[]): void {
    const failed = attempts.findIndex(({ result }) => result.status === 'rejected')
    const acked = failed < 0 ? attempts : attempts.slice(0, failed)
    for (const [i, { name, result }] of attempts.entries()) {
      if (result.status === 'fulfilled')
        assert.ok(i < acked.length, `"${name}" was acked behind a failed batch`)
      else if (outcomeOf(result.reason) === 'not-written')
        assert.ok(!stored.includes(name), `"${name}" was refused, and is stored`)
    }
    assert.deepEqual(
      stored.slice(0, acked.length),
      acked.map(({ name }) => name),
      'what was acked is stored',
    )
    const rest = attempts.slice(acked.length, stored.length).map(({ name }) => name)
    assert.deepEqual(stored.slice(acked.length), rest, 'a batch is stored behind a hole')
  }

  const takesTooLarge =
    backend.refusesTooLarge === false
      ? 'it leaves records over its limit to the adaptor to refuse'
      : undefined

  async function refuseTooLarge(scene: Scene): Promise<void> {
    const { wal, batch } = await scene.writer(1)
    const { maxRecordBytes, maxInFlightBatches } = wal.limits
    const orElse = 'refusesTooLarge: false says that the backend leaves such records to the adaptor'
    assert.ok(maxRecordBytes < LARGEST_MADE, `a record over ${maxRecordBytes} bytes is not made; ${orElse}`)
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
      `a record over the limit of ${maxRecordBytes} bytes was stored; ${orElse}`,
    )
    assertPrefix(attempts, await stored())
    // Sent after the failure had settled, a batch stands for itself.
    for (const { batch: failed } of behind) await wal.append(failed)
    assert.deepEqual(await stored(), names.slice(1))
  }

  test(
    'when a record too large is refused, what is in flight behind it is refused too, and stored when sent again',
    refuseTooLarge,
    takesTooLarge,
  )

  test('batches in flight when the log closes are stored as a prefix, each as it was told', async (scene) => {
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

  test('batches in flight when a newer writer comes are stored as a prefix, each as it was told', async (scene) => {
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

  test('through the adaptor: whatever fails in between, nothing is lost, doubled or out of order', async (scene) => {
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
      assert.ok(faults.counts[kind] > 0, `${kind} never happened`)
    const { maxInFlightBatches } = (await scene.reader()).limits
    assert.ok(
      maxInFlightBatches === 1 || faults.turnedAway > 0,
      'no batch was turned away behind a failed one',
    )
  })
}
