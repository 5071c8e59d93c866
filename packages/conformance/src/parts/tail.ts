import assert from 'node:assert/strict'
import type { ScannerImpls } from '@wal/walimpls'
import { systemRuntime } from '@wal/walimpls'
import { deferred } from '@wal/walimpls/helper'
import { bytesOf, numbers, text, textsOf } from '../kit/batches.js'
import type { PartContext } from '../kit/part.js'
import { assertWaits, awaitedLater, rejectsWith, within } from '../kit/patience.js'
import { ENDED_BY_ITSELF, readCount, readToEnd, takeCount } from '../kit/reading.js'

const TRIES = 100

/** When a record is stored, in relation to the calls of `next` of a scanner at the log's end. */
const MOMENTS = [
  'before next is called',
  'as next is called',
  'after next was called',
  'as the end is reached',
] as const
type Moment = (typeof MOMENTS)[number]

const END_NOT_SAID =
  'A scanner that has given every record has to answer [] once, which says that it is at the end, before it waits.'

/**
 * Reads one record with a scanner that has given all records so far. The test stores the record when `ready` resolves. `go`
 * lets the scanner's `next` be called. `record` is the record that `next` gave.
 */
function wokenBy(scanner: ScannerImpls, moment: Moment) {
  const { promise: gone, resolve: go } = deferred()
  const findEnd = async () => assert.deepEqual(await scanner.next(), [], END_NOT_SAID)
  const ready = moment === 'as the end is reached' ? Promise.resolve() : findEnd()
  const record = awaitedLater(async () => {
    await ready
    await gone
    return readCount(scanner, 1)
  })
  return { ready, go, record }
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await systemRuntime.yield()
}

/**
 * G9: a scanner waits at the end forever. It answers [] once when it has given every record; then `next` waits for the next
 * record. Example: a, b are stored. `next` gives [a, b], then [], then waits until c is stored and gives [c].
 */
export function tailPart({ test, traits }: PartContext): void {
  test('a scanner says once that it is at the end, then waits for the next record', async (scene) => {
    const { wal, append } = await scene.writer(1)
    for (const log of [wal, await scene.reader()]) {
      const scanner = scene.scan(log, 'oldest')
      await readToEnd(scanner)
      for (const name of numbers(3)) {
        const next = scanner.next()
        await assertWaits(next, 'A scanner at the end of the log')
        await append(text(name))
        // A reader in another process may look for the record before it has arrived. Then its scanner says once more that it is
        // at the end.
        const first = (await next) ?? assert.fail(ENDED_BY_ITSELF)
        assert.deepEqual(textsOf(first.length > 0 ? first : await readCount(scanner, 1)), [name])
        assert.deepEqual(await scanner.next(), [], END_NOT_SAID)
      }
      await scanner.close()
    }
  })

  test('a scanner that has said that it is at the end does not say so again before it gives a record', async (scene) => {
    const { wal } = await scene.writer(1)
    const scanner = scene.scan(wal, 'oldest')
    await readToEnd(scanner)
    const next = scanner.next()
    await assertWaits(next, 'A scanner at the end of the log')
    await scanner.close()
    assert.equal(await next, undefined)
  })

  test(`a record that is stored just when a scanner comes to the end wakes the scanner, ${TRIES} tries`, async (scene) => {
    const { wal, append } = await scene.writer(1)
    const scanners = [scene.scan(wal, 'oldest'), scene.scan(await scene.reader(), 'oldest')]
    for (const scanner of scanners) await readCount(scanner, 1)
    for (let i = 0; i < TRIES; i++) {
      const moment = MOMENTS[i % MOMENTS.length] as Moment
      const reading = scanners.map((scanner) => wokenBy(scanner, moment))
      await Promise.all(reading.map(({ ready }) => ready))
      const letGo = async () => {
        for (const { go } of reading) go()
        // After this many turns of the event loop the scanner is in the middle of looking for records.
        await turns(i % 5)
      }
      if (moment === 'after next was called' || moment === 'as the end is reached') await letGo()
      const stored = append(text(`${i}`))
      if (moment === 'before next is called') await stored
      await letGo()
      for (const { record } of reading) {
        const what = `try ${i}: a scanner was not woken by a record stored ${moment}`
        const [woken] = await within(record, {
          ms: scene.patienceMs / 4,
          what,
          report: () => scene.report(),
        })
        assert.deepEqual(textsOf(woken === undefined ? [] : [woken]), [`${i}`])
      }
      await stored
    }
  })

  test('a second call of next while one waits is refused, and the first one still gets the record', async (scene) => {
    const { wal, append } = await scene.writer(1)
    const scanner = scene.scan(wal, 'latest')
    assert.deepEqual(await scanner.next(), [])
    const next = scanner.next()
    await assertWaits(next, 'A scanner at the end of the log')
    await rejectsWith(scanner.next(), 'WAL_INVALID_ARGUMENT')
    await append(text('a'))
    assert.deepEqual(textsOf((await next) ?? []), ['a'])
  })

  test('a scanner in another opener follows a writer and then the next writer', async (scene) => {
    const first = await scene.writer(1)
    const scanner = scene.scan(await scene.reader(), 'oldest')
    await first.append(text('a'))
    assert.deepEqual(textsOf((await readCount(scanner, 2)).slice(1)), ['a'])
    await first.opener.close()
    const second = await scene.writer(2)
    await second.append(text('b'))
    assert.deepEqual(textsOf(await readCount(scanner, 2)), ['opening of term 2', 'b'])
  })

  test(
    'through the adaptor: a scanner whose own WAL is fenced goes on with the new writer’s records',
    async (scene) => {
      const older = await scene.open({ fenceCheckMs: 10 })
      const tail = older.read()
      await older.append({ payload: bytesOf('older') })
      assert.deepEqual(textsOf(await takeCount(tail, 1)), ['older'])
      const newer = await scene.open()
      await newer.append({ payload: bytesOf('newer') })
      assert.deepEqual(textsOf(await takeCount(tail, 1)), ['newer'])
      await newer.append({ payload: bytesOf('newest') })
      assert.deepEqual(textsOf(await takeCount(tail, 1)), ['newest'])
    },
    { doesNotApply: traits.fencing === 'none' ? 'traits.fencing is none.' : undefined },
  )
}
