import { CallFailure, deferred } from '@wal/walimpls/helper'
import { expect, test } from 'vitest'
import type { StoredEntry } from '../scripted-driver/scripted-topic.js'
import { message, ReadScene, readToEnd, readToError, textsOf, turns } from './read-scene.js'

test('a batch has about maxBytes, and an entry that is larger comes in parts', async () => {
  const scene = new ReadScene()
  scene.store(['aaaa', 'bbbb', 'cccc'])
  const scanner = scene.scan('oldest', { maxBytes: 9 })
  const batches: string[][] = []
  for (let i = 0; i < 3; i++) batches.push(textsOf((await scanner.next()) ?? []))
  // "aaaa" counts its payload, its key and its value: nine bytes.
  expect(batches).toEqual([['aaaa'], ['bbbb'], ['cccc']])
})

test('entries that have come together are one batch, up to maxBytes', async () => {
  const scene = new ReadScene()
  for (const text of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']) scene.store([text], { bytes: 10 })
  const scanner = scene.scan('oldest', { maxBytes: 40 })
  await scanner.ready()
  const sizes: number[] = []
  for (let got = 0; got < 8; ) {
    await turns(20)
    const batch = (await scanner.next()) ?? []
    got += batch.length
    sizes.push(batch.length)
  }
  expect(sizes).toEqual([4, 4])
})

test('a slow reader holds at most its share and one entry', async () => {
  const scene = new ReadScene()
  const payload = 'x'.repeat(1000)
  for (let i = 0; i < 300; i++) scene.store([payload])
  const scanner = scene.scan('oldest', { maxBytes: 10_000 })
  let got = 0
  while (got < 300) {
    await turns(20)
    got += (await scanner.next())?.length ?? 0
    const [reader] = scene.driver.readers
    expect((reader?.sentBytes ?? 0) - got * 1000).toBeLessThanOrEqual(11_000)
  }
  expect(got).toBe(300)
})

test('entries that turn out large, after small ones, are held within the share and one entry, and none is left out', async () => {
  const scene = new ReadScene()
  for (let i = 0; i < 300; i++) scene.store([`tick ${i}`], { bytes: 10 })
  const large = Array.from({ length: 40 }, (_, i) => `large ${i}`)
  for (const text of large) scene.store([text], { bytes: 4000 })
  const scanner = scene.scan('oldest', { maxBytes: 10_000 })
  const texts: string[] = []
  while (texts.length < 300) texts.push(...textsOf((await scanner.next()) ?? []))
  await turns(100)
  const opened = scene.driver.readers.length
  expect(opened).toBeGreaterThan(1)
  expect(scene.driver.open.length).toBeLessThanOrEqual(1)
  while (texts.length < 340) {
    await turns(20)
    texts.push(...textsOf((await scanner.next()) ?? []))
  }
  expect(texts.slice(300)).toEqual(large)
  expect(await scanner.next()).toEqual([])
  // The size is known from then on.
  expect(scene.driver.readers.length).toBeLessThanOrEqual(opened + 1)
})

/** A scanner that has left its reader, since more came than it may hold, and has not begun another. */
async function overrun(scene: ReadScene) {
  for (let i = 0; i < 20; i++) scene.store([`tick ${i}`], { bytes: 10 })
  for (let i = 0; i < 5; i++) scene.store([`large ${i}`], { bytes: 9_000 })
  const scanner = scene.scan('oldest', { maxBytes: 10_000 })
  await turns(100)
  expect(scene.driver.open).toHaveLength(0)
  return scanner
}

const OTHERS: readonly (readonly [what: string, changed: Partial<StoredEntry>])[] = [
  ['another number', { sequence: 99 }],
  ['another writer', { producer: 'wal-b' }],
  ['more messages', { messages: [message('large 1'), message('large 1')] }],
  ['another size', { bytes: 9_001 }],
]

test.each(OTHERS)(
  'a reader does not go on where another was left when the entry there has %s',
  async (_, changed) => {
    const scene = new ReadScene()
    const scanner = await overrun(scene)
    const at = scene.topic.entries.findIndex(({ messages: [first] }) => String(first?.payload) === 'large 1')
    scene.topic.entries[at] = { ...(scene.topic.entries[at] as StoredEntry), ...changed }
    const { texts, error } = await readToError(scanner)
    expect(texts.at(-1)).toBe('large 1')
    expect(error).toMatchObject({ retryable: true })
    expect(String(error)).toContain('is not there any more')
  },
)

test('a reader that gets the parts of entries is not left between two of them', async () => {
  const scene = new ReadScene()
  const open = scene.driver.reader.bind(scene.driver)
  scene.driver.reader = (topic, options) =>
    open(topic, { ...options, entry: (entry) => options.entry({ ...entry, part: 0 }) })
  for (let i = 0; i < 20; i++) scene.store([`tick ${i}`], { bytes: 10 })
  for (let i = 0; i < 5; i++) scene.store([`large ${i}`], { bytes: 9_000 })
  const scanner = scene.scan('oldest', { maxBytes: 10_000 })
  await turns(100)
  expect(scene.driver.open).toHaveLength(1)
  expect(await readToEnd(scanner)).toHaveLength(25)
  expect(scene.driver.readers).toHaveLength(1)
})

test('a scanner that has left its reader ends when it can’t open another', async () => {
  const scene = new ReadScene()
  const scanner = await overrun(scene)
  scene.driver.link.onCall = ({ kind }) => {
    if (kind === 'reader') throw new CallFailure('no answer')
  }
  const { texts, error } = await readToError(scanner)
  expect(texts.at(-1)).toBe('large 1')
  expect(error).toMatchObject({ retryable: true })
})

test('a scanner that has left its reader closes without one', async () => {
  const scene = new ReadScene()
  const scanner = await overrun(scene)
  await scanner.close()
  expect(scene.driver.open).toHaveLength(0)
  expect(await scanner.next()).toBeUndefined()
})

test('a scanner that is closed while it opens another reader closes that one, which permits nothing', async () => {
  const scene = new ReadScene()
  const scanner = await overrun(scene)
  const asked = deferred()
  const answer = deferred()
  scene.driver.link.onCall = ({ kind }) => {
    if (kind !== 'reader') return
    asked.resolve()
    return answer.promise
  }
  const reading = (async () => {
    while ((await scanner.next()) !== undefined);
  })()
  await asked.promise
  const closed = scanner.close()
  await turns()
  answer.resolve()
  await closed
  await reading
  expect(scene.driver.readers.map(({ permitted }) => permitted.length > 0)).toEqual([true, false])
  expect(scene.driver.open).toHaveLength(0)
})

test('a share that is smaller than an entry takes one entry at a time', async () => {
  const scene = new ReadScene()
  const payload = 'x'.repeat(1000)
  for (let i = 0; i < 20; i++) scene.store([payload])
  const scanner = scene.scan('oldest', { maxBytes: 100 })
  for (let got = 0; got < 20; ) {
    await turns(20)
    got += (await scanner.next())?.length ?? 0
    const [reader] = scene.driver.readers
    expect((reader?.sentBytes ?? 0) - got * 1000).toBeLessThanOrEqual(1000)
  }
})
