import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { corrupt } from '@wal/walimpls'
import { CallFailure } from '@wal/walimpls/helper'
import { expect, test } from 'vitest'
import type { LastRecord } from '../../src/read/last-record.js'
import { ReadScene, turns } from './read-scene.js'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const textOf = (message: { readonly payload: Uint8Array } | undefined) =>
  message && Buffer.from(message.payload).toString()

/** Runs something each time when the last entry is known, and not read yet. */
function whileRead(scene: ReadScene, happens: (looks: number) => void): void {
  let looks = 0
  scene.driver.link.onCall = ({ kind }) => {
    if (kind === 'reader' && scene.driver.readers.length > 0) happens(++looks)
  }
}

test('a log without records has no last one', async () => {
  const scene = new ReadScene()
  expect(await scene.lastRecord().read()).toBeUndefined()
})

test('the last record is the last one of the last entry', async () => {
  const scene = new ReadScene()
  scene.store(['a'])
  const place = scene.store(['b', 'c'])
  const last = await scene.lastRecord().read()
  expect(textOf(last)).toBe('c')
  expect(last?.id).toMatchObject({ ...place, index: 1 })
})

test('a log that did not change is asked one question', async () => {
  const scene = new ReadScene()
  scene.store(['a'])
  const last = scene.lastRecord()
  expect(textOf(await last.read())).toBe('a')
  const { length } = scene.driver.link.calls
  expect(textOf(await last.read())).toBe('a')
  expect(scene.driver.link.calls.slice(length).map(({ kind }) => kind)).toEqual(['last'])
  scene.store(['b'])
  expect(textOf(await last.read())).toBe('b')
})

test('a caller may change what it got', async () => {
  const scene = new ReadScene()
  scene.store(['a'])
  const last = scene.lastRecord()
  const first = await last.read()
  first?.payload.fill(0)
  ;(first?.properties as string[]).length = 0
  const second = await last.read()
  expect(textOf(second)).toBe('a')
  expect(second?.properties).toEqual(['k', 'a'])
})

test('after a lost connection the entry is read again, though the log ends at the same place', async () => {
  const scene = new ReadScene()
  scene.store(['a'])
  const last = scene.lastRecord()
  await last.read()
  scene.driver.link.cut()
  const [entry] = scene.topic.entries
  scene.topic.entries =
    entry === undefined ? [] : [{ ...entry, messages: [{ payload: Buffer.from('other'), properties: [] }] }]
  expect(textOf(await last.read())).toBe('other')
})

test('a failed question is asked over another reader the next time', async () => {
  const scene = new ReadScene()
  scene.store(['a'])
  const last = scene.lastRecord()
  await last.read()
  scene.driver.link.freeze()
  const asked = last.read()
  await turns(3)
  scene.driver.link.cut()
  await expect(asked).rejects.toThrow('connection')
  scene.driver.link.thaw()
  expect(textOf(await last.read())).toBe('a')
})

test('an entry that is removed before it is read is not the last one', async () => {
  const scene = new ReadScene()
  scene.store(['a'])
  whileRead(scene, (looks) => {
    if (looks > 1) return
    scene.topic.roll()
    scene.store(['b'])
    scene.store(['c'])
    scene.topic.trim(scene.topic.next.ledger)
  })
  expect(textOf(await scene.lastRecord().read())).toBe('c')
})

test('a last entry that is removed each time before it is read is an error', async () => {
  const scene = new ReadScene()
  scene.store(['a'])
  whileRead(scene, () => {
    scene.topic.roll()
    scene.store(['b'])
    scene.topic.trim(scene.topic.next.ledger)
  })
  await expect(scene.lastRecord().read()).rejects.toMatchObject({ code: 'WAL_POSITION_TRUNCATED' })
})

test('a log that loses everything before its last entry is read has no last record', async () => {
  const scene = new ReadScene()
  scene.store(['a'])
  whileRead(scene, () => scene.topic.putBack([]))
  expect(await scene.lastRecord().read()).toBeUndefined()
})

test('a log that has lost everything has no last record, though one was known', async () => {
  const scene = new ReadScene()
  scene.store(['a'])
  const last = scene.lastRecord()
  expect(textOf(await last.read())).toBe('a')
  scene.topic.putBack([])
  expect(await last.read()).toBeUndefined()
})

test('a damaged last entry is told, and told again', async () => {
  const scene = new ReadScene()
  scene.store(['a'], { damage: corrupt('the entry 10:0', 'the check sum does not fit') })
  const last = scene.lastRecord()
  for (let i = 0; i < 2; i++) await expect(last.read()).rejects.toMatchObject({ code: 'WAL_CORRUPT' })
})

test('an entry that the broker names and never gives is an error that passes', async () => {
  const scene = new ReadScene()
  scene.store(['a'])
  const last = scene.lastRecord(30)
  scene.driver.onDispatch = () => false
  await expect(last.read()).rejects.toThrow('did not give the entry 10:0')
})

test('an entry without a record is told', async () => {
  const scene = new ReadScene()
  scene.store([])
  await expect(scene.lastRecord().read()).rejects.toMatchObject({ code: 'WAL_CORRUPT' })
})

test('a last record that is kept does not keep its entry', async () => {
  const scene = new ReadScene()
  const last = scene.lastRecord()
  const entry = await readLargeEntry(scene, last)
  for (let i = 0; i < 3; i++) {
    await turns()
    collectGarbage()
  }
  expect(entry.deref() === undefined).toBe(true)
  await last.close()
})

/** Reads the last record, which is a small part of a large entry, and takes the entry’s bytes out of the topic. */
async function readLargeEntry(scene: ReadScene, last: LastRecord): Promise<WeakRef<ArrayBufferLike>> {
  const frame = Buffer.alloc(1 << 20)
  scene.topic.store({ messages: [{ payload: frame.subarray(0, 10), properties: [] }] })
  expect((await last.read())?.payload).toHaveLength(10)
  scene.topic.entries = scene.topic.entries.map((entry) => ({ ...entry, messages: [] }))
  // The scripted driver remembers every reader, and its connection every answer.
  scene.driver.readers.length = 0
  scene.driver.link.cut()
  return new WeakRef(frame.buffer)
}

test('a reader that could not be opened is opened by the next question', async () => {
  const scene = new ReadScene()
  scene.store(['a'])
  const last = scene.lastRecord()
  scene.driver.link.onCall = ({ kind }) => {
    if (kind === 'reader') throw new CallFailure('no answer')
  }
  await expect(last.read()).rejects.toThrow('no answer')
  scene.driver.link.onCall = undefined
  expect(textOf(await last.read())).toBe('a')
})

test('a question that comes behind the close leaves no reader', async () => {
  const scene = new ReadScene()
  scene.store(['a'])
  const last = scene.lastRecord()
  await last.close()
  await last.read().catch(() => {})
  await turns()
  expect(scene.driver.open).toHaveLength(0)
})

test('closing leaves no reader', async () => {
  const scene = new ReadScene()
  scene.store(['a'])
  const last = scene.lastRecord()
  await last.read()
  expect(scene.driver.open).toHaveLength(1)
  await last.close()
  expect(scene.driver.open).toHaveLength(0)
})
