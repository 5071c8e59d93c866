import assert from 'node:assert/strict'
import { outcomeOf } from '../src/index.js'
import {
  assertWaits,
  batchOf,
  type ContractContext,
  readAll,
  readToEnd,
  rejectsWith,
  text,
  textsOf,
  writerOf,
} from './contract-context.js'

export function closeTests({ test, builder }: ContractContext): void {
  test('closing the log wakes its readers; closing is idempotent', async (scene) => {
    const { wal, opener } = await scene.writer(1)
    const scanner = scene.scan(wal, 'oldest')
    await readToEnd(scanner)
    const next = scanner.next()
    await assertWaits(next)
    await Promise.all([wal.close(), wal.close(), scanner.close(), scanner.close()])
    assert.equal(await next, undefined)
    await wal.close()
    await scanner.close()
    await Promise.all([opener.close(), opener.close()])
    await opener.close()
  })

  test('closing the opener closes its logs and their readers', async (scene) => {
    const { wal, opener, batch } = await scene.writer(1)
    const scanner = scene.scan(wal, 'latest')
    assert.deepEqual(await scanner.next(), [])
    const next = scanner.next()
    await assertWaits(next)
    await opener.close()
    assert.equal(await next, undefined)
    await assert.rejects(wal.append(batch(text('too late'))), (error) => outcomeOf(error) === 'not-written')
    await rejectsWith(opener.open(scene.channel, writerOf(2)), 'WAL_CLOSED')
    await rejectsWith(opener.openReadOnly(scene.channel), 'WAL_CLOSED')
  })

  test('a log closes while others of its opener go on, and can be opened again', async (scene) => {
    const { wal, opener, append } = await scene.writer(1)
    const reader = await opener.openReadOnly(scene.channel)
    await reader.close()
    await append(text('a'))
    await wal.close()
    const again = await opener.open(scene.channel, writerOf(2))
    await again.append(batchOf(0, [text('b')]))
    assert.deepEqual(textsOf((await readAll(again)).slice(1)), ['a', 'b'])
  })

  test('aborted before it began: calls reject with the reason', async (scene) => {
    const { wal, opener } = await scene.writer(1)
    const reason = new Error('enough')
    const waits = { signal: AbortSignal.abort(reason) }
    const is = (error: unknown) => error === reason
    await assert.rejects(wal.last(waits), is)
    await assert.rejects(wal.truncate((await wal.last())?.id ?? assert.fail(), waits), is)
    await assert.rejects(opener.openReadOnly(scene.channel, waits), is)
    await assert.rejects(opener.open(scene.channel, writerOf(2), waits), is)
  })

  if (builder.traits.list) {
    test('list names the channels that there are', async (scene) => {
      const { opener } = await scene.writer(1)
      await scene.writer(1, `${scene.channel}-two`)
      const names = (await opener.list?.()) ?? []
      assert.deepEqual(names.filter((name) => name.startsWith(scene.channel)).sort(), [
        scene.channel,
        `${scene.channel}-two`,
      ])
    })
  }

  if (builder.traits.delete) {
    test('a deleted channel is gone and can be created anew', async (scene) => {
      const { wal, opener, append } = await scene.writer(5)
      await append(text('old'))
      await wal.close()
      await opener.delete?.(scene.channel)
      await rejectsWith(opener.openReadOnly(scene.channel), 'WAL_CHANNEL_NOT_FOUND')
      await rejectsWith(opener.delete?.(scene.channel) ?? assert.fail(), 'WAL_CHANNEL_NOT_FOUND')
      if (builder.traits.list) assert(!(await opener.list?.())?.includes(scene.channel))
      const anew = await scene.writer(1)
      assert.deepEqual(textsOf(await readAll(anew.wal)), ['opening of term 1'])
    })
  }
}
