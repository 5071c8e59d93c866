import { corrupt } from '@wal/walimpls'
import { expect, test } from 'vitest'
import { ReadScene, turns } from './read-scene.js'

const textOf = (message: { readonly payload: Uint8Array } | undefined) =>
  message && Buffer.from(message.payload).toString()

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
  let first = true
  scene.driver.link.onCall = ({ kind }) => {
    if (kind !== 'reader' || scene.driver.readers.length === 0 || !first) return
    first = false
    scene.topic.roll()
    scene.store(['b'])
    scene.topic.trim(scene.topic.next.ledger)
  }
  expect(textOf(await scene.lastRecord().read())).toBe('b')
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
  const frame = Buffer.alloc(1 << 20)
  scene.topic.store({ messages: [{ payload: frame.subarray(0, 10), properties: [] }] })
  const last = await scene.lastRecord().read()
  expect(last?.payload.buffer.byteLength).toBeLessThan(frame.length)
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
