import assert from 'node:assert/strict'
import { text, textsOf } from '../kit/batches.js'
import type { PartContext } from '../kit/part.js'
import { rejectsWith } from '../kit/patience.js'
import { readAll } from '../kit/reading.js'

/** What a backend declares, and what it may offer beside logs. */
export function channelsPart({ backend, test, traits }: PartContext): void {
  test('an open log says what it is worth, in words', async (scene) => {
    const { wal } = await scene.writer(1)
    for (const log of [wal, await scene.reader()]) {
      const { guarantees } = log
      for (const name of ['durability', 'fencing', 'retention', 'truncation'] as const)
        assert.ok(typeof guarantees[name] === 'string' && guarantees[name] !== '', `guarantees.${name}`)
      assert.ok(guarantees.warnings.every((warning) => typeof warning === 'string'))
      assert.equal(log.channel, scene.channel)
      for (const name of [
        'maxRecordBytes',
        'maxBatchBytes',
        'maxBatchMessages',
        'maxInFlightBatches',
      ] as const)
        assert.ok(log.limits[name] >= 1, `limits.${name} is ${log.limits[name]}; nothing could be appended`)
    }
  })

  test('its traits are those that there are', async (scene) => {
    const { fencing, truncation, list, delete: deletes } = traits
    assert.ok(['none', 'process', 'host', 'cluster'].includes(fencing), `traits.fencing: ${fencing}`)
    assert.ok(['none', 'record', 'segment'].includes(truncation), `traits.truncation: ${truncation}`)
    const opener = await scene.opener()
    assert.equal(typeof opener.list === 'function', list, 'traits.list says whether openers have `list`')
    assert.equal(
      typeof opener.delete === 'function',
      deletes,
      'traits.delete says whether openers have `delete`',
    )
  })

  test('the builder’s name is one that a URL can have', async () => {
    assert.match(backend.builder.name, /^[a-z][a-z0-9-]{1,31}$/)
  })

  test(
    'list names the channels that there are',
    async (scene) => {
      const { opener } = await scene.writer(1)
      await scene.writer(1, `${scene.channel}-two`)
      const names = (await opener.list?.()) ?? []
      assert.deepEqual(names.filter((name) => name.startsWith(scene.channel)).sort(), [
        scene.channel,
        `${scene.channel}-two`,
      ])
    },
    traits.list ? undefined : 'its traits say that it does not list',
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
    traits.delete ? undefined : 'its traits say that it does not delete',
  )

  test(
    'who still has a deleted channel open neither appends to it nor reads it',
    async (scene) => {
      const { wal, opener, append } = await scene.writer(1)
      await opener.delete?.(scene.channel)
      await assert.rejects(append(text('late')), 'an append to a deleted channel was acked')
      await assert.rejects(readAll(wal), 'a deleted channel was read to its end as if it were there')
      await rejectsWith(opener.openReadOnly(scene.channel), 'WAL_CHANNEL_NOT_FOUND')
    },
    traits.delete ? undefined : 'its traits say that it does not delete',
  )
}
