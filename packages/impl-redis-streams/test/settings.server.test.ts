import { startRedis } from '@wal/brokers'
import { expect, test } from 'vitest'
import { Scene } from './scene.js'

test('guarantees follow the settings that the server has', async () => {
  await using redis = await startRedis({ appendfsync: 'always' })
  await using scene = Scene.on(redis)
  const { guarantees } = (await scene.writer()).wal
  expect(guarantees.durability).toMatch(/^synced/)
  expect(guarantees.warnings).toEqual([])
  const settings: [string[], RegExp][] = [
    [['no-appendfsync-on-rewrite', 'yes'], /when the system likes/],
    [['appendfsync', 'everysec'], /once a second/],
    [['appendonly', 'no'], /^none/],
  ]
  for (const [setting, durability] of settings) {
    await redis.command('CONFIG', 'SET', ...setting)
    const later = await (await scene.opener()).openReadOnly(scene.channel)
    expect(later.guarantees.durability).toMatch(durability)
    expect(later.guarantees.warnings.join()).toContain(setting[0])
    await redis.command('CONFIG', 'SET', 'no-appendfsync-on-rewrite', 'no')
  }
})
