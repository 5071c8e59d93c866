import assert from 'node:assert/strict'
import type { ScannerImpls } from '@wal/walimpls'
import { systemRuntime } from '@wal/walimpls'
import { deferred } from '@wal/walimpls/helper'
import { bytesOf, numbers, text, textsOf } from '../kit/batches.js'
import type { PartContext } from '../kit/part.js'
import { assertWaits, awaitedLater, rejectsWith, within } from '../kit/patience.js'
import { readCount, readToEnd, takeCount } from '../kit/reading.js'

const TRIES = 100

/** When a record is stored, as a scanner sees it. */
const MOMENTS = [
  'before next is called',
  'as next is called',
  'after next was called',
  'as the end is reached',
] as const
type Moment = (typeof MOMENTS)[number]

/** Reads one record from a scanner that has given out all there is. `ready`: the moment for the record has come. */
function wokenBy(scanner: ScannerImpls, moment: Moment) {
  const { promise: gone, resolve: go } = deferred()
  const meetEnd = async () => assert.deepEqual(await scanner.next(), [], 'the end was not said')
  const ready = moment === 'as the end is reached' ? Promise.resolve() : meetEnd()
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

/** G9: an unbounded scanner waits at the end forever. */
export function tailPart({ test, traits }: PartContext): void {
  test('the end is said once, then the scanner waits for what comes', async (scene) => {
    const { wal, append } = await scene.writer(1)
    for (const log of [wal, await scene.reader()]) {
      const scanner = scene.scan(log, 'oldest')
      await readToEnd(scanner)
      for (const name of numbers(3)) {
        const next = scanner.next()
        await assertWaits(next, 'a scanner at the end')
        await append(text(name))
        // A reader in another process may look before the record is there, and then meets the end again.
        const first = (await next) ?? assert.fail('it ended by itself')
        assert.deepEqual(textsOf(first.length > 0 ? first : await readCount(scanner, 1)), [name])
        assert.deepEqual(await scanner.next(), [], 'the end was not said again')
      }
      await scanner.close()
    }
  })

  test('a scanner that found the end twice without records between does not say so', async (scene) => {
    const { wal } = await scene.writer(1)
    const scanner = scene.scan(wal, 'oldest')
    await readToEnd(scanner)
    const next = scanner.next()
    await assertWaits(next, 'a scanner at the end')
    await scanner.close()
    assert.equal(await next, undefined)
  })

  test(`a record stored about the moment at which a scanner meets the end wakes it, ${TRIES} tries`, async (scene) => {
    const { wal, append } = await scene.writer(1)
    const scanners = [scene.scan(wal, 'oldest'), scene.scan(await scene.reader(), 'oldest')]
    for (const scanner of scanners) await readCount(scanner, 1)
    for (let i = 0; i < TRIES; i++) {
      const moment = MOMENTS[i % MOMENTS.length] as Moment
      const reading = scanners.map((scanner) => wokenBy(scanner, moment))
      await Promise.all(reading.map(({ ready }) => ready))
      const letGo = async () => {
        for (const { go } of reading) go()
        // Into the midst of what the scanner does then.
        await turns(i % 5)
      }
      if (moment === 'after next was called' || moment === 'as the end is reached') await letGo()
      const stored = append(text(`${i}`))
      if (moment === 'before next is called') await stored
      await letGo()
      for (const { record } of reading) {
        const what = `try ${i}: a scanner was not woken by a record stored ${moment}`
        const [woken] = await within(record, scene.patienceMs / 4, what, () => scene.report())
        assert.deepEqual(textsOf(woken === undefined ? [] : [woken]), [`${i}`])
      }
      await stored
    }
  })

  test('one call of next at a time; the second is refused and harms nothing', async (scene) => {
    const { wal, append } = await scene.writer(1)
    const scanner = scene.scan(wal, 'latest')
    assert.deepEqual(await scanner.next(), [])
    const next = scanner.next()
    await assertWaits(next, 'a scanner at the end')
    await rejectsWith(scanner.next(), 'WAL_INVALID_ARGUMENT')
    await append(text('a'))
    assert.deepEqual(textsOf((await next) ?? []), ['a'])
  })

  test('readers in other openers follow a writer, and the next one', async (scene) => {
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
    'through the adaptor: when its own WAL is fenced a scanner goes on with the new writer’s records',
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
    traits.fencing === 'none' ? 'its traits say that it does not fence' : undefined,
  )
}
