import assert from 'node:assert/strict'
import type { DeliveredRecord, WriterLog } from '../kit/adaptor.js'
import { bytesOf } from '../kit/batches.js'
import type { PartContext } from '../kit/part.js'
import { deliveredTo, takeCount } from '../kit/reading.js'
import type { Scene } from '../kit/scene.js'

const MESSAGES = 60
const AT_ONCE = 5

/**
 * The one large test of Milvus' own suite for backends, with two differences: payloads are compared, and no step waits for a
 * fixed time.
 */
export function termsPart({ backend, test }: PartContext): void {
  const { compare, parse } = backend.builder.messageIds
  const ids = (records: readonly { readonly messageId: string }[]) =>
    records.map(({ messageId }) => messageId)

  test('on three channels at once, every reader gets the records of three terms in one order', async (scene) => {
    await Promise.all(['one', 'two', 'three'].map((name) => threeTerms(scene, `${scene.channel}-${name}`)))
  })

  async function threeTerms(scene: Scene, channel: string): Promise<void> {
    const written: string[] = []
    for (const term of [1, 2, 3]) {
      const wal = await scene.open({ channel, term })
      assert.deepEqual([wal.channel.name, wal.channel.term], [channel, term])
      const due = term * (MESSAGES + 1)
      const scanners = [wal.read(), (await scene.openReader({ channel })).read()]
      const reading = scanners.map((scanner) => takeCount(scanner, due))
      written.push(...(await appendAtOnce(wal, term)))
      for (const each of reading) assertSame(await each, written, term)
      for (const scanner of scanners) await scanner.close()
      if (term === 3) await assertPositions(wal, written)
      await wal.close()
    }
    const wal = await scene.open({ channel, term: 4 })
    const { position } = await wal.append({ payload: bytesOf('of term 4') })
    await wal.truncate(position)
    await wal.close()
    const again = await scene.open({ channel, term: 4 })
    assert.deepEqual(await deliveredTo(again), [])
  }

  /** Appends in five loops at the same time and, when all have ended, one more message. Answers the ids in log order. */
  async function appendAtOnce(wal: WriterLog, term: number): Promise<string[]> {
    const answered: { messageId: string }[] = []
    let next = 0
    const loop = async () => {
      while (next < MESSAGES) answered.push(await wal.append(recordOf(term, next++)))
    }
    await Promise.all(Array.from({ length: AT_ONCE }, loop))
    answered.push(await wal.append(recordOf(term, MESSAGES)))
    return ids(answered.sort((a, b) => compare(parse(a.messageId), parse(b.messageId))))
  }

  function recordOf(term: number, index: number) {
    const properties = new Map([
      ['id', `${index}`],
      ['const', 'the same'],
      ['term', `${term}`],
    ])
    return { payload: bytesOf(`${term}.${index}`), properties, vchannel: `v${index % 3}` }
  }

  function assertSame(records: readonly DeliveredRecord[], written: readonly string[], term: number): void {
    assert.deepEqual(ids(records), written)
    for (const record of records) {
      const of = Number(record.properties.get('term'))
      assert.ok(of <= term && record.term === of)
      const expected = recordOf(of, Number(record.properties.get('id')))
      assert.deepEqual(new Uint8Array(record.payload), expected.payload)
      assert.deepEqual(new Map(record.properties), expected.properties)
      assert.equal(record.vchannel, expected.vchannel)
    }
  }

  async function assertPositions(wal: WriterLog, written: readonly string[]): Promise<void> {
    const middle = Math.floor(written.length / 2)
    const { position } = (await deliveredTo(wal))[middle] as DeliveredRecord
    assert.deepEqual(ids(await deliveredTo(wal, { from: position })), written.slice(middle))
    assert.deepEqual(ids(await deliveredTo(wal, { after: position })), written.slice(middle + 1))
    assert.deepEqual(ids(await deliveredTo(wal, { deliver: 'latest' })), [])
  }
}
