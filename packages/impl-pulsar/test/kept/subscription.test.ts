import { RESERVED, type StoredMessage } from '@wal/walimpls'
import { CallFailure } from '@wal/walimpls/helper'
import { simulatedRuntime } from '@wal/walimpls/testing'
import { expect, test } from 'vitest'
import type { EntryPlace } from '../../src/driver/pulsar-driver.js'
import { Subscription } from '../../src/kept/subscription.js'
import { LastRecord } from '../../src/read/last-record.js'
import type { PulsarId } from '../../src/records/message-id.js'
import { messageIds } from '../../src/records/message-ids.js'
import { ScriptedDriver } from '../scripted-driver/scripted-driver.js'

const TOPIC = 'persistent://public/default/orders'
const text = (ledger: number, entry: number, index = 0) =>
  messageIds.serialise(messageIds.of({ ledger, entry }, index))
/** A truncation point as a time tick names it. */
const point = (ledger: number, entry: number) => `${text(ledger, entry)} 1 inc AAAAAAAAAAE=`

class Scene {
  readonly runtime = simulatedRuntime({ seed: 1 })
  readonly driver = new ScriptedDriver({ runtime: this.runtime })
  readonly last: LastRecord
  readonly subscription: Subscription

  constructor() {
    const read = { ...{ driver: this.driver, topic: TOPIC, runtime: this.runtime }, requestTimeoutMs: 1000 }
    this.last = new LastRecord(read)
    this.subscription = new Subscription({ ...read, name: 'wal-kept', last: () => this.last.read() })
  }

  get topic() {
    return this.driver.topic(TOPIC)
  }

  store(...properties: string[]): EntryPlace {
    return this.topic.store({ messages: [{ payload: Buffer.from('x'), properties }] })
  }

  make(): Promise<readonly string[]> {
    return this.runtime.run(this.subscription.make())
  }

  /** Moves the subscription, as a policy or an operator does. */
  async move(place: EntryPlace): Promise<void> {
    const moved = this.driver.cursor(TOPIC, { make: true }).then((cursor) => cursor.advance(place))
    await this.runtime.run(moved)
  }

  truncate(ledger: number, entry: number, index = 0): Promise<void> {
    const id: PulsarId = messageIds.of({ ledger, entry }, index)
    return this.runtime.run(this.subscription.truncate(id))
  }
}

test('a new topic gets its subscription before the first record', async () => {
  const scene = new Scene()
  expect(await scene.make()).toEqual([])
  expect(scene.driver.cursorOf(TOPIC)).toEqual({ ledger: 10, entry: -1 })
  expect(scene.driver.link.count('close')).toBe(1)
})

test('a log whose subscription is as it was gives no warning', async () => {
  const scene = new Scene()
  await scene.make()
  expect(await scene.make()).toEqual([])
  scene.store()
  scene.store(RESERVED.previousTick, text(10, 0))
  expect(await scene.make()).toEqual([])
})

test('a topic with records and without the subscription is a warning; one without records is none', async () => {
  const scene = new Scene()
  expect(scene.topic.entries).toEqual([])
  expect(await scene.make()).toEqual([])
  const other = new Scene()
  other.store()
  expect(await other.make()).toEqual([expect.stringMatching(/"wal-kept".*was gone.*made again/)])
  expect(await other.make()).toEqual([])
})

test('a topic that another writer makes and fills during the open has lost nothing', async () => {
  const scene = new Scene()
  scene.driver.link.onCall = ({ kind }) => {
    if (kind === 'cursor') scene.store()
  }
  expect(await scene.make()).toEqual([])
})

test('a look at the subscription that gets no answer fails the open', async () => {
  const scene = new Scene()
  await scene.make()
  scene.store()
  let readers = 0
  scene.driver.link.onCall = ({ kind }) => {
    // Two serve the question for the last record.
    if (kind === 'reader' && ++readers > 2) throw new CallFailure('no answer')
  }
  await expect(scene.make()).rejects.toThrow('no answer')
  expect(scene.driver.open).toHaveLength(1)
})

test('a subscription that stands behind records of a log that was never truncated was moved', async () => {
  const scene = new Scene()
  await scene.make()
  scene.store()
  scene.store(RESERVED.previousTick, text(10, 0))
  await scene.move({ ledger: 10, entry: 0 })
  expect(await scene.make()).toEqual([
    expect.stringMatching(/stands at 10:0, and the log has records from 10:0 on/),
  ])
})

test('a subscription may stand before the truncation point that the log names, and not behind', async () => {
  const scene = new Scene()
  await scene.make()
  for (let i = 0; i < 4; i++) scene.store()
  scene.store(RESERVED.recoveryPoint, '', RESERVED.truncationPoint, point(10, 2))
  await scene.move({ ledger: 10, entry: 1 })
  expect(await scene.make()).toEqual([])
  // The last record names the tick that names the point.
  scene.store(RESERVED.previousTick, text(10, 4))
  expect(await scene.make()).toEqual([])
  await scene.move({ ledger: 10, entry: 2 })
  expect(await scene.make()).toEqual([
    expect.stringMatching(/stands at 10:2, and the log has records from 10:2 on/),
  ])
})

test('records that are gone without a truncation are a warning', async () => {
  const scene = new Scene()
  await scene.make()
  scene.store()
  scene.topic.roll()
  scene.store(RESERVED.previousTick, text(10, 0))
  scene.topic.trim(11)
  expect(await scene.make()).toEqual([expect.stringMatching(/removed records.*the oldest one kept is 13:0/)])
})

test('records that are gone behind the truncation point are a warning', async () => {
  const scene = new Scene()
  await scene.make()
  for (let i = 0; i < 3; i++) scene.store()
  scene.topic.roll()
  scene.store(RESERVED.recoveryPoint, '', RESERVED.truncationPoint, point(10, 1))
  await scene.move({ ledger: 10, entry: 0 })
  expect(await scene.make()).toEqual([])
  scene.topic.trim(11)
  expect(await scene.make()).toEqual([expect.stringMatching(/the oldest one kept is 13:0/)])
})

test('a log that begins at its truncation point has lost nothing', async () => {
  const scene = new Scene()
  await scene.make()
  scene.store()
  scene.topic.roll()
  scene.store()
  scene.store(RESERVED.recoveryPoint, '', RESERVED.truncationPoint, point(13, 0))
  await scene.move({ ledger: 10, entry: 0 })
  scene.topic.trim(11)
  expect(await scene.make()).toEqual([])
})

test('the truncation point is read from a time tick in the middle of an entry', async () => {
  const scene = new Scene()
  await scene.make()
  for (let i = 0; i < 3; i++) scene.store()
  const tick = [RESERVED.recoveryPoint, '', RESERVED.truncationPoint, point(10, 2)]
  const payload = Buffer.from('x')
  scene.topic.store({ messages: [[], tick, []].map((properties) => ({ payload, properties })) })
  scene.store(RESERVED.previousTick, text(10, 3, 1))
  await scene.move({ ledger: 10, entry: 1 })
  expect(await scene.make()).toEqual([])
})

test('of a log whose last time tick is gone, the truncation point is not known', async () => {
  const scene = new Scene()
  await scene.make()
  for (let i = 0; i < 3; i++) scene.store()
  // Lies where the tick was, in the eyes of a reader that begins there.
  scene.store(RESERVED.recoveryPoint, '', RESERVED.truncationPoint, point(10, 3))
  scene.store(RESERVED.previousTick, text(10, 2))
  scene.topic.remove(2, 1)
  await scene.move({ ledger: 10, entry: 0 })
  expect(await scene.make()).toEqual([
    expect.stringMatching(/stands at 10:0, and the log has records from 10:0/),
  ])
})

test('a last record that cannot be read does not keep a log from being opened', async () => {
  const scene = new Scene()
  await scene.make()
  scene.store(RESERVED.previousTick, 'no id')
  expect(await scene.make()).toEqual([])
})

test('truncation acknowledges up to the entry before', async () => {
  const scene = new Scene()
  await scene.make()
  for (let i = 0; i < 4; i++) scene.store()
  await scene.truncate(10, 2)
  expect(scene.driver.cursorOf(TOPIC)).toEqual({ ledger: 10, entry: 1 })
  await scene.truncate(10, 1)
  expect(scene.driver.cursorOf(TOPIC)).toEqual({ ledger: 10, entry: 1 })
})

test('truncation never acknowledges the last entry, nor a part of an entry', async () => {
  const scene = new Scene()
  await scene.make()
  for (let i = 0; i < 3; i++) scene.store()
  await scene.truncate(10, 2, 1)
  expect(scene.driver.cursorOf(TOPIC)).toEqual({ ledger: 10, entry: 1 })
  await scene.truncate(99, 0)
  expect(scene.driver.cursorOf(TOPIC)).toEqual({ ledger: 10, entry: 1 })
  const last = (await scene.runtime.run(scene.last.read())) as StoredMessage<PulsarId>
  expect(last.id.entry).toBe(2)
})

test('truncation of a log without records does nothing', async () => {
  const scene = new Scene()
  await scene.make()
  await scene.truncate(10, 5)
  expect(scene.driver.cursorOf(TOPIC)).toEqual({ ledger: 10, entry: -1 })
})
