import assert from 'node:assert/strict'
import { text, textsOf } from '../kit/batches.js'
import type { PartContext } from '../kit/part.js'
import { rejectsWith } from '../kit/patience.js'
import { readAll } from '../kit/reading.js'

/** Tests what a backend declares about itself, and its optional methods `list` and `delete`. */
export function channelsPart({ backend, test, traits }: PartContext): void {
  test('an open log states its guarantees and its limits', async (scene) => {
    const { wal } = await scene.writer(1)
    for (const log of [wal, await scene.reader()]) {
      const { guarantees } = log
      for (const name of ['durability', 'fencing', 'retention', 'truncation'] as const)
        assert.ok(
          typeof guarantees[name] === 'string' && guarantees[name] !== '',
          `guarantees.${name} has to be a text that is not empty.`,
        )
      assert.ok(
        guarantees.warnings.every((warning) => typeof warning === 'string'),
        'guarantees.warnings has to be an array of texts.',
      )
      const { driver } = guarantees
      if (driver !== undefined)
        for (const name of ['name', 'reason'] as const)
          assert.ok(
            typeof driver[name] === 'string' && driver[name] !== '',
            `guarantees.driver.${name} has to be a text that is not empty.`,
          )
      assert.equal(log.channel, scene.channel)
      for (const name of [
        'maxRecordBytes',
        'maxBatchBytes',
        'maxBatchMessages',
        'maxInFlightBatches',
      ] as const)
        assert.ok(
          log.limits[name] >= 1,
          `limits.${name} is ${log.limits[name]}. It has to be at least 1, or nothing can be appended.`,
        )
    }
  })

  test('the traits have values that the contract knows', async (scene) => {
    const { list, delete: deletes } = traits
    const oneOf = (name: 'fencing' | 'truncation', allowed: readonly string[]) =>
      assert.ok(
        allowed.includes(traits[name]),
        `traits.${name} is ${JSON.stringify(traits[name])}. It has to be one of ${allowed.join(', ')}.`,
      )
    oneOf('fencing', ['none', 'process', 'host', 'cluster'])
    oneOf('truncation', ['none', 'record', 'segment'])
    const opener = await scene.opener()
    assert.equal(
      typeof opener.list === 'function',
      list,
      'traits.list has to be true exactly when openers have the method `list`.',
    )
    assert.equal(
      typeof opener.delete === 'function',
      deletes,
      'traits.delete has to be true exactly when openers have the method `delete`.',
    )
  })

  test('the builder’s name can be the scheme of a URL', async () => {
    assert.match(backend.builder.name, /^[a-z][a-z0-9-]{1,31}$/)
  })

  test(
    'list names every channel',
    async (scene) => {
      const { opener } = await scene.writer(1)
      await scene.writer(1, `${scene.channel}-two`)
      const names = (await opener.list?.()) ?? []
      assert.deepEqual(names.filter((name) => name.startsWith(scene.channel)).sort(), [
        scene.channel,
        `${scene.channel}-two`,
      ])
    },
    { doesNotApply: traits.list ? undefined : 'traits.list is false.' },
  )

  test(
    'a deleted channel is gone and can be created again',
    async (scene) => {
      const { wal, opener, append } = await scene.writer(5)
      await append(text('old'))
      await wal.close()
      await opener.delete?.(scene.channel)
      await rejectsWith(opener.openReadOnly(scene.channel), 'WAL_CHANNEL_NOT_FOUND')
      await rejectsWith(opener.delete?.(scene.channel) ?? assert.fail(), 'WAL_CHANNEL_NOT_FOUND')
      if (traits.list) assert.ok(!(await opener.list?.())?.includes(scene.channel))
      const second = await scene.writer(1)
      assert.deepEqual(textsOf(await readAll(second.wal)), ['opening of term 1'])
    },
    { doesNotApply: traits.delete ? undefined : 'traits.delete is false.' },
  )

  test(
    'a deleted channel is neither appended to nor read by those that have it open still',
    async (scene) => {
      const { wal, opener, append } = await scene.writer(1)
      await opener.delete?.(scene.channel)
      await assert.rejects(
        append(text('late')),
        'An append through a log whose channel was deleted was acked. It has to reject.',
      )
      await assert.rejects(
        readAll(wal),
        'A log whose channel was deleted was read to its end. The read has to reject.',
      )
      await rejectsWith(opener.openReadOnly(scene.channel), 'WAL_CHANNEL_NOT_FOUND')
    },
    { doesNotApply: traits.delete ? undefined : 'traits.delete is false.' },
  )
}
