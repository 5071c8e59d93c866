import assert from 'node:assert/strict'
import type { MessageId, StoredMessage, WALImpls } from '../src/index.js'
import {
  type ContractContext,
  readAll,
  readCount,
  rejectsWith,
  text,
  textOf,
  textsOf,
} from './contract-context.js'

export function truncateTests({ test, builder }: ContractContext): void {
  const { traits } = builder
  const { compare, parse } = builder.messageIds
  const names = Array.from({ length: 10 }, (_, i) => `${i}`)

  /** What is below may be gone or, with coarse granularity, still there. It is never left out in silence. */
  async function assertTruncated(
    wal: Pick<WALImpls, 'read'>,
    all: readonly StoredMessage[],
    kept: number,
  ): Promise<void> {
    const tail = textsOf(all.slice(kept))
    const oldest = textsOf(await readAll(wal, 'oldest'))
    if (traits.truncation === 'record') assert.deepEqual(oldest, tail)
    assert.deepEqual(oldest.slice(-tail.length), tail)
    assert.deepEqual(textsOf(await readAll(wal, { from: all[kept]?.id ?? assert.fail() })), tail)
    for (const below of all.slice(0, kept)) {
      const scanner = wal.read({ start: { from: below.id }, maxBytes: 1024 })
      try {
        await scanner.ready()
        const [first] = await readCount(scanner, 1)
        assert.notEqual(traits.truncation, 'record')
        assert.equal(textOf(first as StoredMessage), textOf(below))
      } catch (error) {
        const { code, oldest: begin } = error as { code?: string; oldest?: string }
        assert.equal(code, 'WAL_POSITION_TRUNCATED', String(error))
        assert.equal(typeof begin, 'string')
        assert(compare(parse(begin as string), below.id) > 0)
        assert(compare(parse(begin as string), all[kept]?.id) <= 0)
        await rejectsWith(scanner.next(), 'WAL_POSITION_TRUNCATED')
      } finally {
        await scanner.close()
      }
    }
  }

  test('truncate frees what is below, for good, and goes only forward', async (scene) => {
    const { wal, append, opener } = await scene.writer(1)
    await append(...names.map((name) => text(name)))
    const all = await readAll(wal)
    await wal.truncate(at(all, 5))
    await assertTruncated(wal, all, 5)
    await wal.truncate(at(all, 2))
    await assertTruncated(wal, all, 5)
    await wal.truncate(at(all, 7))
    await opener.close()
    const reader = await (await scene.opener()).openReadOnly(scene.channel)
    await assertTruncated(reader, all, 7)
    const next = await scene.writer(2)
    await assertTruncated(next.wal, [...all, ...(await readAll(next.wal)).slice(-1)], 7)
  })

  test('the last record is never freed and ids go on rising', async (scene) => {
    const { wal, append, opener } = await scene.writer(1)
    const ids = await append(text('a'), text('b'))
    await wal.truncate(ids[1] ?? assert.fail())
    const last = await wal.last()
    assert.equal(last && textOf(last), 'b')
    const [above] = await append(text('c'))
    await wal.truncate(above ?? assert.fail())
    await opener.close()
    const { wal: later, opening } = await scene.writer(2)
    assert(compare(opening, above) > 0)
    assert.deepEqual(textsOf((await readAll(later)).slice(-2)), ['c', 'opening of term 2'])
  })

  test('a reader that is overtaken by truncation is told, or gets everything', async (scene) => {
    const { wal, append } = await scene.writer(1)
    const scanner = scene.scan(wal, 'oldest', { maxBytes: 10 })
    await readCount(scanner, 1)
    await append(...names.map((name) => text(name.repeat(10))))
    const all = await readAll(wal)
    await wal.truncate(at(all, 9))
    let expected = 1
    try {
      while (expected < all.length) {
        for (const message of (await scanner.next()) ?? [])
          assert.equal(textOf(message), textOf(all[expected++] as StoredMessage))
      }
      // What it had read ahead may have been enough.
    } catch (error) {
      assert.equal((error as { code?: string }).code, 'WAL_POSITION_TRUNCATED', String(error))
      assert(expected < 9)
    }
    await scanner.close()
  })

  test('an id of another backend truncates nothing', async (scene) => {
    const { wal, append } = await scene.writer(1)
    await append(text('a'))
    await rejectsWith(wal.truncate({ backend: 'another' }), 'WAL_INVALID_ARGUMENT')
    assert.equal((await readAll(wal)).length, 2)
  })
}

function at(all: readonly StoredMessage[], index: number): MessageId {
  return all[index]?.id ?? assert.fail('nothing there')
}
