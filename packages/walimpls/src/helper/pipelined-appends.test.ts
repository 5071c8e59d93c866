import { describe, expect, test } from 'vitest'
import { type Batch, batchOf } from '../batch.js'
import { AppendError } from '../errors/append-error.js'
import { WalError } from '../errors/wal-error.js'
import { type Deferred, deferred } from './deferred.js'
import { Lifetime } from './lifetime.js'
import { notWritten } from './not-written.js'
import { type NumberId, numberIdCodec } from './number-id.js'
import { PipelinedAppends, type PipelinedAppendsParts } from './pipelined-appends.js'

const ids = numberIdCodec('test')
const batch = (sequence: number): Batch => batchOf(sequence, [])
const unknown = () => new AppendError('WAL_UNAVAILABLE', 'the connection was lost', { outcome: 'unknown' })
const turn = () => new Promise(setImmediate)

/** A server that stores nothing: the test gives the answer to each batch that was sent. */
function scripted(more: Partial<PipelinedAppendsParts<NumberId, string>> = {}, maxInFlightBatches = 4) {
  const lifetime = new Lifetime({ what: 'The log orders' })
  const sent: number[] = []
  const answers: Deferred<readonly NumberId[]>[] = []
  const settled: string[] = []
  const appends = new PipelinedAppends<NumberId, string>({
    bounds: { lifetime, maxInFlightBatches },
    prepare: ({ sequence }) => `encoded ${sequence}`,
    send({ sequence }) {
      sent.push(sequence)
      const answer = deferred<readonly NumberId[]>()
      answers.push(answer)
      return answer.promise
    },
    ...more,
  })
  const append = (sequence: number) =>
    appends.append(batch(sequence)).then(
      () => void settled.push(`${sequence} stored`),
      (error: AppendError) => void settled.push(`${sequence} ${error.outcome ?? error.code}`),
    )
  return {
    lifetime,
    appends,
    append,
    sent,
    settled,
    stores: (at: number) => answers[at]?.resolve([ids.of(at)]),
    fails: (at: number, error: unknown) => answers[at]?.reject(error),
  }
}

test('batches are sent without waiting, and settle in call order', async () => {
  const { append, sent, settled, stores } = scripted()
  const all = [append(0), append(1), append(2)]
  expect(sent).toEqual([0, 1, 2])
  stores(2)
  stores(1)
  await turn()
  expect(settled).toEqual([])
  stores(0)
  await Promise.all(all)
  expect(settled).toEqual(['0 stored', '1 stored', '2 stored'])
})

test('a batch that may be sent at once does not overtake one that waits', async () => {
  let mustWait = true
  const { append, sent, settled, stores } = scripted({ mustWait: () => mustWait })
  const all = [append(0), append(1), append(2)]
  await turn()
  expect(sent).toEqual([0])
  mustWait = false
  stores(0)
  // Batch 2 waits for batch 1 to be sent. Batch 3 is handed in before that.
  all.push(append(3))
  await turn()
  // Nothing holds them back any more: all are in flight at once.
  expect(sent).toEqual([0, 1, 2, 3])
  for (const at of [1, 2, 3]) stores(at)
  await Promise.all(all)
  expect(settled).toEqual(['0 stored', '1 stored', '2 stored', '3 stored'])
})

describe('behind a batch that failed', () => {
  test('nothing is acknowledged: what the server stored is unknown, until both are sent again', async () => {
    const { append, settled, stores, fails } = scripted()
    const all = [append(0), append(1), append(2)]
    stores(0)
    stores(2)
    fails(1, unknown())
    await Promise.all(all)
    expect(settled.splice(0)).toEqual(['0 stored', '1 unknown', '2 unknown'])
    const again = [append(1), append(2)]
    stores(3)
    stores(4)
    await Promise.all(again)
    expect(settled).toEqual(['1 stored', '2 stored'])
  })

  test('a backend may say what a success proves', async () => {
    const hole = new WalError('WAL_CORRUPT', 'stored behind a hole')
    const { append, settled, stores, fails } = scripted({ storedBehindFailure: () => hole })
    const all = [append(0), append(1)]
    fails(0, notWritten('WAL_UNAVAILABLE', 'checksum'))
    stores(1)
    await Promise.all(all)
    expect(settled).toEqual(['0 not-written', '1 WAL_CORRUPT'])
  })

  test('what waited to be sent is not sent, and each failure is told to who sends', async () => {
    let failed = 0
    const { append, sent, settled, fails } = scripted({ mustWait: () => true, failed: () => failed++ })
    const all = [append(0), append(1)]
    await turn()
    fails(0, notWritten('WAL_UNAVAILABLE', 'refused'))
    await Promise.all(all)
    expect(sent).toEqual([0])
    expect(settled).toEqual(['0 not-written', '1 not-written'])
    expect(failed).toBe(2)
  })
})

test('once unknown stays unknown, until the batch is stored', async () => {
  const { append, settled, stores, fails } = scripted()
  const attempt = async (at: number, end: () => void) => {
    const appended = append(7)
    end()
    await appended
    return at
  }
  await attempt(0, () => fails(0, unknown()))
  await attempt(1, () => fails(1, notWritten('WAL_UNAVAILABLE', 'refused')))
  await attempt(2, () => stores(2))
  await attempt(3, () => fails(3, notWritten('WAL_UNAVAILABLE', 'refused')))
  expect(settled).toEqual(['7 unknown', '7 unknown', '7 stored', '7 not-written'])
})

test('an error of ours without an outcome is unknown, unless it was raised before anything was sent', async () => {
  const { append, settled, fails } = scripted()
  for (const [at, error] of [
    new WalError('WAL_CORRUPT', 'damage'),
    new WalError('WAL_CLOSED', 'closed'),
  ].entries()) {
    const appended = append(at)
    fails(at, error)
    await appended
  }
  expect(settled).toEqual(['0 unknown', '1 not-written'])
})

describe('a refusal', () => {
  test('comes behind those in flight, and what is handed in until then is neither sent nor stored', async () => {
    const prepare = ({ sequence }: Batch) => {
      if (sequence === 1) throw notWritten('WAL_MESSAGE_TOO_LARGE', 'too large')
      return ''
    }
    const { append, sent, settled, stores } = scripted({ prepare })
    const all = [append(0), append(1), append(2)]
    await turn()
    expect(settled).toEqual([])
    stores(0)
    await Promise.all(all)
    expect(sent).toEqual([0])
    expect(settled).toEqual(['0 stored', '1 not-written', '2 not-written'])
    const later = append(2)
    stores(1)
    await later
    expect(settled.at(-1)).toBe('2 stored')
  })

  test('meets batches that are too many, and those after the close', async () => {
    const { appends, append, lifetime, settled, stores } = scripted({}, 1)
    const first = append(0)
    const tooMany = appends.append(batch(1))
    stores(0)
    await expect(tooMany).rejects.toMatchObject({ code: 'WAL_INVALID_ARGUMENT', outcome: 'not-written' })
    await first
    expect(settled).toEqual(['0 stored'])
    await lifetime.close()
    await expect(appends.append(batch(1))).rejects.toMatchObject({
      code: 'WAL_CLOSED',
      outcome: 'not-written',
    })
  })
})

test('settled waits for all that was handed in', async () => {
  const { appends, append, fails } = scripted()
  const appended = append(0)
  let done = false
  const settling = appends.settled().then(() => {
    done = true
  })
  await turn()
  expect(done).toBe(false)
  fails(0, unknown())
  await settling
  await appended
})
