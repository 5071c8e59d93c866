import { corrupt, type PositionTruncatedError } from '@wal/walimpls'
import { CallFailure } from '@wal/walimpls/helper'
import { expect, test } from 'vitest'
import { messageIds } from '../../src/records/message-ids.js'
import { ReadScene, readToEnd, readToError, textsOf, turns } from './read-scene.js'

const oldestOf = (error: unknown) => messageIds.parse((error as PositionTruncatedError).oldest ?? 'no oldest')

test('gives every record from the oldest on, then one empty batch, then what is stored later', async () => {
  const scene = new ReadScene()
  scene.store(['a', 'b'])
  scene.topic.roll()
  scene.store(['c'])
  const scanner = scene.scan('oldest')
  expect(await readToEnd(scanner)).toEqual(['a', 'b', 'c'])
  const later = scanner.next()
  await turns()
  scene.store(['d'])
  expect(textsOf((await later) ?? [])).toEqual(['d'])
  expect(await scanner.next()).toEqual([])
  await scanner.close()
  expect(scene.driver.open).toEqual([])
})

test('a record that was stored before the call is given before the empty batch', async () => {
  const scene = new ReadScene()
  scene.store(['a'])
  const scanner = scene.scan('oldest')
  expect(textsOf((await scanner.next()) ?? [])).toEqual(['a'])
  // The question for the end is under way when "b" comes.
  let asked = 0
  scene.driver.link.onCall = async ({ kind }) => {
    if (kind === 'last' && asked++ === 0) {
      scene.store(['b'])
      await turns(5)
    }
  }
  expect(textsOf((await scanner.next()) ?? [])).toEqual(['b'])
  scene.store(['c'])
  expect(textsOf((await scanner.next()) ?? [])).toEqual(['c'])
  expect(await scanner.next()).toEqual([])
})

test('an answer about the end from before a call does not tell that call that it has everything', async () => {
  const scene = new ReadScene()
  scene.store(['a'])
  const scanner = scene.scan('oldest')
  await scanner.next()
  const held: (() => void)[] = []
  scene.driver.link.onCall = ({ kind }) =>
    kind === 'last' && held.length === 0 ? new Promise((resolve) => held.push(resolve)) : undefined
  const second = scanner.next()
  await turns()
  expect(held).toHaveLength(1)
  scene.store(['b'])
  expect(textsOf((await second) ?? [])).toEqual(['b'])
  const asked = scene.driver.link.count('last')
  const third = scanner.next()
  held[0]?.()
  expect(await third).toEqual([])
  expect(scene.driver.link.count('last')).toBe(asked + 1)
})

test('a scanner that waits asks nothing and permits nothing', async () => {
  const scene = new ReadScene()
  scene.store(['a'])
  const scanner = scene.scan('oldest')
  await readToEnd(scanner)
  const waiting = scanner.next()
  await turns()
  const { length } = scene.driver.link.calls
  const permitted = scene.driver.readers[0]?.permitted.length
  await turns(200)
  expect(scene.driver.link.calls).toHaveLength(length)
  expect(scene.driver.readers[0]?.permitted).toHaveLength(permitted ?? 0)
  await scanner.close()
  expect(await waiting).toBeUndefined()
})

test('while the broker is known to have more, it is not asked for the end again', async () => {
  const scene = new ReadScene()
  scene.store(['a'])
  scene.store(['b'])
  let dispatches = false
  scene.driver.onDispatch = () => dispatches
  /** Lets the broker give out what is permitted now. */
  const dispatch = () => {
    dispatches = true
    scene.topic.followers.forEach((follower) => void follower.stored())
    dispatches = false
  }
  const scanner = scene.scan('oldest', { maxBytes: 1 })
  for (const text of ['a', 'b']) {
    const next = scanner.next()
    await turns(100)
    expect(scene.driver.link.count('last')).toBe(1)
    dispatch()
    expect(textsOf((await next) ?? [])).toEqual([text])
  }
  expect(await scanner.next()).toEqual([])
  expect(scene.driver.link.count('last')).toBe(2)
})

test('a scanner is told the end when the entries that it waited for were removed', async () => {
  const scene = new ReadScene()
  scene.store(['a'])
  scene.driver.onDispatch = () => false
  const scanner = scene.scan('oldest', {}, 50)
  const first = scanner.next()
  await turns(50)
  scene.topic.remove(0, 1)
  expect(await first).toEqual([])
})

test('latest gives what is stored after ready, and nothing from before', async () => {
  const scene = new ReadScene()
  scene.store(['a'])
  const scanner = scene.scan('latest')
  await scanner.ready()
  scene.store(['b'])
  expect(textsOf((await scanner.next()) ?? [])).toEqual(['b'])
  expect(await scanner.next()).toEqual([])
})

test('latest on a log at rest is at the end at once', async () => {
  const scene = new ReadScene()
  scene.store(['a'])
  const scanner = scene.scan('latest')
  expect(await scanner.next()).toEqual([])
  scene.store(['b'])
  expect(textsOf((await scanner.next()) ?? [])).toEqual(['b'])
})

test('an empty log is at the end at once', async () => {
  const scene = new ReadScene()
  const scanner = scene.scan('oldest')
  expect(await scanner.next()).toEqual([])
  scene.store(['a'])
  expect(textsOf((await scanner.next()) ?? [])).toEqual(['a'])
})

test('a start inside an entry skips the records before it', async () => {
  const scene = new ReadScene()
  scene.store(['a'])
  const place = scene.store(['b', 'c', 'd'])
  scene.store(['e', 'f'])
  for (const [index, texts] of [
    [0, ['b', 'c', 'd', 'e', 'f']],
    [1, ['c', 'd', 'e', 'f']],
    [2, ['d', 'e', 'f']],
  ] as const) {
    const scanner = scene.scan(scene.from(place, index))
    expect(await readToEnd(scanner)).toEqual(texts)
    await scanner.close()
  }
})

test('a start that was trimmed is told, with the first record kept', async () => {
  const scene = new ReadScene()
  const gone = scene.store(['a'])
  scene.store(['b'])
  scene.topic.roll()
  const kept = scene.store(['c'])
  scene.topic.trim(kept.ledger)
  const scanner = scene.scan(scene.from(gone))
  const { texts, error } = await readToError(scanner)
  expect(texts).toEqual([])
  expect(error).toMatchObject({ code: 'WAL_POSITION_TRUNCATED' })
  expect(oldestOf(error)).toMatchObject({ ...kept, index: 0 })
  await expect(scanner.next()).rejects.toBe(error)
  await scanner.close()
  expect(scene.driver.open).toEqual([])
})

test('a start that the log lost, while older records are kept, is a log that was rolled back', async () => {
  const scene = new ReadScene()
  scene.store(['a'])
  const before = [...scene.topic.entries]
  const lost = scene.store(['b'])
  scene.topic.putBack(before)
  const early = scene.scan(scene.from(lost))
  expect((await readToError(early)).error).toMatchObject({ code: 'WAL_LOG_ROLLED_BACK' })
  scene.store(['c'])
  const late = scene.scan(scene.from(lost))
  expect(await readToError(late)).toMatchObject({ texts: [], error: { code: 'WAL_LOG_ROLLED_BACK' } })
})

test('a start behind the last record of its entry is a record that the log lost', async () => {
  const scene = new ReadScene()
  const place = scene.store(['a', 'b'])
  const start = scene.from(place, 2)
  const lost = { texts: [], error: { code: 'WAL_LOG_ROLLED_BACK' } }
  expect(await readToError(scene.scan(start))).toMatchObject(lost)
  scene.store(['c'])
  expect(await readToError(scene.scan(start))).toMatchObject(lost)
})

test('a start that lies above the end waits for nothing', async () => {
  const scene = new ReadScene()
  const place = scene.store(['a'])
  const scanner = scene.scan(scene.from({ ...place, entry: 7 }))
  expect((await readToError(scanner)).error).toMatchObject({ code: 'WAL_LOG_ROLLED_BACK' })
})

test('a start in a log that has no entry now is a record that the log lost', async () => {
  const scene = new ReadScene()
  const lost = scene.store(['a'])
  scene.topic.putBack([])
  const { error } = await readToError(scene.scan(scene.from(lost)))
  expect(error).toMatchObject({ code: 'WAL_LOG_ROLLED_BACK' })
  expect(String(error)).toContain('the log has no entry now')
})

test('ledgers that were trimmed before a connected reader are told, behind the records before them', async () => {
  const scene = new ReadScene()
  const first = scene.store(['a'])
  // The reader gets "a", and has no permit for more.
  const scanner = scene.scan('oldest', { maxBytes: 1 })
  await turns()
  scene.topic.roll()
  scene.store(['b'])
  scene.topic.roll()
  const behind = scene.store(['c'])
  scene.topic.trim(behind.ledger)
  const { texts, error } = await readToError(scanner)
  expect(texts).toEqual(['a'])
  expect(error).toMatchObject({ code: 'WAL_POSITION_TRUNCATED' })
  expect(String(error)).toContain(`${first.ledger}:0`)
  expect(String(error)).toContain('truncated')
  expect(oldestOf(error)).toMatchObject({ ...behind, index: 0 })
})

test('records that are gone from the middle are told as lost', async () => {
  const scene = new ReadScene()
  for (const text of ['a', 'b', 'c', 'd']) scene.store([text])
  scene.topic.remove(1, 2)
  const { texts, error } = await readToError(scene.scan('oldest'))
  expect(texts).toEqual(['a'])
  expect(error).toMatchObject({ code: 'WAL_POSITION_TRUNCATED' })
  expect(String(error)).toContain('lost records')
  expect(oldestOf(error)).toMatchObject({ entry: 3, index: 0 })
})

test('marks of the broker between the entries are no gap', async () => {
  const scene = new ReadScene()
  scene.store(['a'])
  scene.topic.marker()
  scene.store(['b'])
  expect(await readToEnd(scene.scan('oldest'))).toEqual(['a', 'b'])
})

test('a damaged entry is told behind the records before it', async () => {
  const scene = new ReadScene()
  scene.store(['a'])
  scene.store(['b'])
  scene.store(['c'], { damage: corrupt('the entry 10:2', 'the check sum does not fit') })
  scene.store(['d'])
  const scanner = scene.scan('oldest')
  expect(textsOf((await scanner.next()) ?? [])).toEqual(['a'])
  // "b" and the damaged entry have come together.
  await turns(20)
  const { texts, error } = await readToError(scanner)
  expect(texts).toEqual(['b'])
  expect(error).toMatchObject({ code: 'WAL_CORRUPT' })
  await expect(scanner.next()).rejects.toBe(error)
})

test('a lost connection ends the scanner behind what has come, and it never goes on', async () => {
  const scene = new ReadScene()
  scene.store(['a'])
  const scanner = scene.scan('oldest')
  await scanner.ready()
  await turns()
  scene.driver.link.cut()
  scene.store(['b'])
  const { texts, error } = await readToError(scanner)
  expect(texts).toEqual(['a'])
  expect(error).toMatchObject({ retryable: true })
  await turns()
  await expect(scanner.next()).rejects.toBe(error)
  expect(scene.driver.readers).toHaveLength(1)
})

test('a lost connection wakes a scanner that waits at the end', async () => {
  const scene = new ReadScene()
  const scanner = scene.scan('oldest')
  await readToEnd(scanner)
  const waiting = scanner.next()
  await turns()
  scene.driver.link.cut()
  await expect(waiting).rejects.toMatchObject({ retryable: true })
})

test('a topic that does not exist is told by ready and by next', async () => {
  const scene = new ReadScene()
  scene.driver.remove('persistent://public/default/orders')
  const scanner = scene.scan('oldest')
  await expect(scanner.ready()).rejects.toMatchObject({ code: 'WAL_CHANNEL_NOT_FOUND' })
  await expect(scanner.next()).rejects.toMatchObject({ code: 'WAL_CHANNEL_NOT_FOUND' })
})

test('an id of another backend is refused', async () => {
  const scene = new ReadScene()
  const scanner = scene.scan({ from: { backend: 'kafka' } as never })
  await expect(scanner.ready()).rejects.toMatchObject({ code: 'WAL_INVALID_ARGUMENT' })
  expect(scene.driver.readers).toHaveLength(0)
})

test('closing the log, or aborting, ends a scanner in each of its states and closes its reader', async () => {
  for (const state of ['beginning', 'asking', 'waiting'] as const)
    for (const how of ['close', 'abort'] as const) {
      const scene = new ReadScene()
      const controller = new AbortController()
      const scanner = scene.scan('oldest', { signal: controller.signal })
      if (state === 'waiting') await readToEnd(scanner)
      if (state === 'asking') await scanner.ready()
      const next = scanner.next()
      next.catch(() => {})
      if (state === 'waiting') await turns()
      if (how === 'close') {
        await scene.log.close()
        expect(await next).toBeUndefined()
      } else {
        controller.abort(new Error('enough'))
        await expect(next).rejects.toThrow('enough')
        await scanner.close()
      }
      expect(scene.driver.open).toEqual([])
    }
})

test('a frozen broker holds no close back for longer than its calls take', async () => {
  const scene = new ReadScene()
  scene.driver.link.freeze()
  const scanner = scene.scan('oldest')
  const next = scanner.next()
  const closed = scanner.close()
  expect(await next).toBeUndefined()
  scene.driver.link.cut(new CallFailure('the client was closed'))
  await closed
})
