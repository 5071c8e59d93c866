import assert from 'node:assert/strict'
import { outcomeOf } from '@wal/walimpls'
import { batchOf, bytesOf, numbers, text, textsOf, writerOf } from '../kit/batches.js'
import type { PartContext } from '../kit/part.js'
import { assertWaits, rejectsWith } from '../kit/patience.js'
import { deliveredTo, readAll, readToEnd } from '../kit/reading.js'

/** G13 in one process. The part `processes` tests that nothing keeps a process alive after the close. */
export function closePart({ test }: PartContext): void {
  test('closing a scanner ends its waiting next', async (scene) => {
    const { wal } = await scene.writer(1)
    const scanner = scene.scan(wal, 'oldest')
    await readToEnd(scanner)
    const next = scanner.next()
    await assertWaits(next, 'A scanner at the end of the log')
    await Promise.all([scanner.close(), scanner.close()])
    assert.equal(await next, undefined)
    assert.equal(await scanner.next(), undefined)
  })

  test('closing a log ends its waiting scanners, and every close may be called again', async (scene) => {
    const { wal, opener } = await scene.writer(1)
    const scanner = scene.scan(wal, 'oldest')
    await readToEnd(scanner)
    const next = scanner.next()
    await assertWaits(next, 'A scanner at the end of the log')
    await Promise.all([wal.close(), wal.close(), scanner.close(), scanner.close()])
    assert.equal(await next, undefined)
    await wal.close()
    await scanner.close()
    await Promise.all([opener.close(), opener.close()])
    await opener.close()
  })

  test('closing an opener closes its logs and their scanners', async (scene) => {
    const { wal, opener, batch } = await scene.writer(1)
    const scanner = scene.scan(wal, 'latest')
    assert.deepEqual(await scanner.next(), [])
    const next = scanner.next()
    await assertWaits(next, 'A scanner at the end of the log')
    await opener.close()
    assert.equal(await next, undefined)
    await rejectsWith(wal.append(batch(text('too late'))), 'WAL_CLOSED')
    await rejectsWith(opener.open(scene.channel, writerOf(2)), 'WAL_CLOSED')
    await rejectsWith(opener.openReadOnly(scene.channel), 'WAL_CLOSED')
    assert.deepEqual(textsOf(await readAll(await scene.reader())), ['opening of term 1'])
  })

  test('an append after the close rejects with WAL_CLOSED and the outcome not-written', async (scene) => {
    const { wal, batch } = await scene.writer(1)
    await wal.close()
    await assert.rejects(wal.append(batch(text('too late'))), (error: { code?: string }) => {
      assert.deepEqual([error.code, outcomeOf(error)], ['WAL_CLOSED', 'not-written'])
      return true
    })
    assert.deepEqual(textsOf(await readAll(await scene.reader())), ['opening of term 1'])
  })

  test('a closed log rejects last() and gives out no record', async (scene) => {
    const { wal } = await scene.writer(1)
    await wal.close()
    await rejectsWith(wal.last(), 'WAL_CLOSED')
    const scanner = scene.scan(wal, 'oldest')
    const got = await scanner.next().catch((error: { code?: string }) => error.code)
    assert.ok(
      got === undefined || got === 'WAL_CLOSED',
      `next() of a scanner on a closed log came to ${String(got)}. It has to end or reject with WAL_CLOSED.`,
    )
    await scanner.close()
  })

  test('a log can be closed while others of its opener go on, and can be opened again', async (scene) => {
    const { wal, opener, append } = await scene.writer(1)
    const reader = await opener.openReadOnly(scene.channel)
    await reader.close()
    await append(text('a'))
    await wal.close()
    const again = await opener.open(scene.channel, writerOf(2))
    await again.append(batchOf(0, [text('b')]))
    assert.deepEqual(textsOf((await readAll(again)).slice(1)), ['a', 'b'])
  })

  test('through the adaptor: a close gives every accepted append an outcome and ends the readers', async (scene) => {
    const wal = await scene.open()
    const tail = wal.read()
    const reading = (async () => {
      const seen: string[] = []
      for await (const { payload } of tail) seen.push(new TextDecoder().decode(payload))
      return seen
    })()
    const names = numbers(50)
    const sending = Promise.allSettled(names.map((name) => wal.append({ payload: bytesOf(name) })))
    await Promise.all([wal.close(), wal.close()])
    const acked: string[] = []
    for (const [i, each] of (await sending).entries())
      if (each.status === 'fulfilled') acked.push(names[i] as string)
      else assert.match(String(each.reason.outcome), /^(not-written|unknown)$/)
    assert.equal(wal.signal.aborted, true)
    await rejectsWith(wal.append({ payload: bytesOf('late') }), 'WAL_CLOSED')
    const seen = await reading
    const stored = textsOf(await deliveredTo(await scene.openReader()))
    assert.deepEqual(seen, stored.slice(0, seen.length))
    for (const name of acked) assert.ok(stored.includes(name), `"${name}" was acked and is not in the log.`)
    assert.equal(stored.includes('late'), false)
  })
}
