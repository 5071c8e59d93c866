import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { systemRuntime } from '@wal/walimpls'
import { readOptions } from '@wal/walimpls/helper'
import { bytesOf, text, textsOf, writerOf } from '../kit/batches.js'
import type { PartContext } from '../kit/part.js'
import { assertWaits } from '../kit/patience.js'
import { deliveredTo, readAll, takeCount } from '../kit/reading.js'

/** G14: every waiting call takes a signal, and one signal serves any number of calls. */
export function cancelPart({ backend, test, traits }: PartContext): void {
  const reason = new Error('enough')
  const waits = { signal: AbortSignal.abort(reason) }
  const endsWithReason = (call: () => Promise<unknown>, what: string) =>
    assert.rejects(call, (error) => error === reason, what)

  test('a call with a signal that is aborted already rejects with its reason and does nothing', async (scene) => {
    const { wal, opener, append } = await scene.writer(1)
    await append(text('a'))
    const { builder } = backend
    const options = readOptions(builder.options, scene.options, builder.name)
    await endsWithReason(() => builder.build(options, systemRuntime, waits), 'build')
    await endsWithReason(() => wal.last(waits), 'last')
    const last = (await wal.last()) ?? assert.fail('last() found no record, though two are stored.')
    await endsWithReason(() => wal.truncate(last.id, waits), 'truncate')
    assert.equal((await readAll(wal)).length, 2)
    await endsWithReason(() => opener.openReadOnly(scene.channel, waits), 'openReadOnly')
    const missing = `${scene.channel}-missing`
    await endsWithReason(() => opener.open(missing, writerOf(2), waits), 'open')
    if (traits.list) {
      await endsWithReason(async () => opener.list?.(waits), 'list')
      assert.ok(!(await opener.list?.())?.includes(missing), 'An open that was aborted created the log.')
    }
    if (traits.delete) await endsWithReason(async () => opener.delete?.(scene.channel, waits), 'delete')
    assert.deepEqual(textsOf((await readAll(wal)).slice(1)), ['a'])
  })

  test('a call that is aborted under way settles: it succeeds or rejects with the reason', async (scene) => {
    const { wal, opener } = await scene.writer(1)
    const calls = [
      (signal: AbortSignal) => wal.last({ signal }),
      (signal: AbortSignal) => opener.openReadOnly(scene.channel, { signal }).then((log) => log.close()),
    ]
    for (const call of calls) {
      const controller = new AbortController()
      const calling = call(controller.signal).catch((error: unknown) => assert.equal(error, reason))
      controller.abort(reason)
      await calling
    }
    assert.equal((await readAll(wal)).length, 1)
  })

  test('an abort wakes every waiting scanner with the reason, and leaves no listener on the signal', async (scene) => {
    const { wal } = await scene.writer(1)
    const controller = new AbortController()
    const { signal } = controller
    const scanners = Array.from({ length: 15 }, () => scene.scan(wal, 'latest', { signal }))
    await Promise.all(scanners.map((scanner) => scanner.ready()))
    const waiting = await Promise.all(
      scanners.map(async (scanner) => {
        assert.deepEqual(await scanner.next(), [])
        return { next: scanner.next() }
      }),
    )
    await assertWaits(Promise.race(waiting.map(({ next }) => next)), 'A scanner at the end of the log')
    assert.ok(
      getEventListeners(signal, 'abort').length <= 1,
      'Fifteen scanners with one signal put more than one listener on it. Node warns when a signal has many: share one listener.',
    )
    const rejections = waiting.map(({ next }) => assert.rejects(next, (error) => error === reason))
    controller.abort(reason)
    await Promise.all(rejections)
    for (const scanner of scanners) {
      await endsWithReason(() => scanner.next(), 'next after the abort')
      await scanner.close()
    }
    assert.equal(getEventListeners(signal, 'abort').length, 0)
    const late = scene.scan(wal, 'oldest', { signal })
    await endsWithReason(() => late.next(), 'next')
    await endsWithReason(() => late.ready(), 'ready')
    await late.close()
  })

  test('a scanner that was closed leaves no listener on its signal', async (scene) => {
    const { wal } = await scene.writer(1)
    const { signal } = new AbortController()
    for (let i = 0; i < 20; i++) {
      const scanner = scene.scan(wal, 'oldest', { signal })
      assert.equal((await scanner.next())?.length, 1)
      await scanner.close()
      await wal.last({ signal })
    }
    assert.equal(getEventListeners(signal, 'abort').length, 0)
  })

  test('through the adaptor: an abort ends open, append and read with its reason, and one signal serves 1,000 appends', async (scene) => {
    const warnings: string[] = []
    const onWarning = (warning: Error) => warnings.push(warning.name)
    process.on('warning', onWarning)
    scene.atEnd('listening for warnings', async () => void process.off('warning', onWarning))
    await endsWithReason(() => scene.open(waits), 'open')
    await endsWithReason(() => scene.openReader(waits), 'openReader')
    const wal = await scene.open()
    await endsWithReason(() => wal.append({ payload: bytesOf('never') }, waits), 'append')
    await endsWithReason(() => wal.barrier(waits), 'barrier')
    const controller = new AbortController()
    const { signal } = controller
    await Promise.all(Array.from({ length: 1000 }, () => wal.append({ payload: bytesOf('a') }, { signal })))
    assert.equal(getEventListeners(signal, 'abort').length, 0)
    const tail = wal.read({ signal })
    assert.equal((await takeCount(tail, 1000)).length, 1000)
    const next = tail.next()
    await assertWaits(next, 'A scanner at the end of the log')
    controller.abort(reason)
    await endsWithReason(() => next, 'next')
    await scene.waiting.until(
      'the signal has no listener any more',
      () => getEventListeners(signal, 'abort').length === 0,
    )
    assert.equal((await deliveredTo(wal)).length, 1000)
    assert.deepEqual(warnings, [])
  })
}
