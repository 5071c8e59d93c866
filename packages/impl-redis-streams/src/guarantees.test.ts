import { expect, test } from 'vitest'
import type { FullRedisStreamsOptions } from './client/options.js'
import { guaranteesOf } from './guarantees.js'
import type { ServerSettings } from './server-settings.js'

const options: FullRedisStreamsOptions = {
  hosts: [],
  db: '0',
  tls: false,
  cluster: false,
  prefix: 'wal:',
  waitReplicas: 0,
  waitAof: false,
  requestTimeoutMs: 1000,
  pollMs: 1000,
  maxInFlightBatches: 4,
}
const best: ServerSettings = {
  version: '7.2.4',
  runId: 'a1',
  appendOnly: true,
  sync: 'always',
  syncsWhileRewriting: true,
  maxMemory: 0,
  evictionPolicy: 'noeviction',
  replicas: 0,
  isReplica: false,
}
const told = (server: Partial<ServerSettings>, more: Partial<FullRedisStreamsOptions> = {}) =>
  guaranteesOf([{ ...best, ...server }], { ...options, ...more })

test('the best settings need no warning', () => {
  const { durability, fencing, retention, warnings } = told({})
  expect(durability).toMatch(/^synced/)
  expect(fencing).toMatch(/^all machines/)
  expect(retention).toMatch(/^kept/)
  expect(warnings).toEqual([])
})

test('weaker ones are said, and each that loses data is warned of', () => {
  const weak: [Partial<ServerSettings>, RegExp, RegExp][] = [
    [{ appendOnly: false }, /^none/, /appendonly yes/],
    [{ sync: 'everysec' }, /second/, /appendfsync always/],
    [{ sync: 'no' }, /when the system likes/, /appendfsync always/],
    [{ syncsWhileRewriting: false }, /when the system likes/, /no-appendfsync-on-rewrite no/],
  ]
  for (const [server, durability, warning] of weak) {
    expect(told(server).durability).toMatch(durability)
    expect(told(server).warnings.join()).toMatch(warning)
  }
  expect(told({ maxMemory: 1, evictionPolicy: 'allkeys-lru' }).retention).toContain('evict')
  expect(told({ version: '6.0.16' }).warnings.join()).toContain('6.2')
  expect(told({ isReplica: true }).warnings.join()).toContain('primary')
})

test('waitAof makes up for appendfsync, not for a missing append-only file', () => {
  expect(told({ sync: 'everysec' }, { waitAof: true })).toMatchObject({
    durability: expect.stringMatching(/^synced/),
    warnings: [],
  })
  expect(told({ syncsWhileRewriting: false }, { waitAof: true }).warnings).toEqual([])
  expect(told({ appendOnly: false }, { waitAof: true }).durability).toMatch(/^none/)
  const older = told({ version: '7.0.15', sync: 'everysec' }, { waitAof: true })
  expect(older.durability).toContain('second')
  expect(older.warnings.join()).toContain('WAITAOF')
})

test('what is not told is unknown, never assumed', () => {
  expect(told({ sync: undefined }).durability).toBe('unknown')
  expect(told({ syncsWhileRewriting: undefined }).durability).toBe('unknown')
  expect(told({ appendOnly: undefined }).durability).toBe('unknown')
  expect(told({ replicas: undefined }).fencing).toBe('unknown')
  expect(told({ evictionPolicy: undefined }).retention).toBe('unknown')
  expect(guaranteesOf([], options)).toMatchObject({
    durability: 'unknown',
    fencing: 'unknown',
    retention: 'unknown',
  })
})

test('with replicas it is best-effort and single-primary, whatever else is set', () => {
  for (const guarantees of [
    told({ replicas: 1 }),
    told({}, { sentinel: 'main' }),
    told({}, { waitReplicas: 1 }),
  ])
    expect(guarantees).toMatchObject({
      durability: expect.stringMatching(/^best-effort/),
      fencing: 'single-primary',
    })
})

test('of several servers the worst counts', () => {
  const servers = [best, { ...best, sync: 'everysec' }]
  expect(guaranteesOf(servers, { ...options, cluster: true }).durability).toContain('second')
})
