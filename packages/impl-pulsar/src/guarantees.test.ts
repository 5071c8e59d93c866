import { expect, test } from 'vitest'
import { type Policies, UNKNOWN_POLICIES } from './admin/policies.js'
import { guaranteesOf } from './guarantees.js'

const STOCK: Policies = {
  ttlSeconds: 0,
  subscriptionExpiryMinutes: 0,
  backlogQuotas: [
    { type: 'destination_storage', policy: 'producer_request_hold', limitBytes: -1, limitSeconds: -1 },
  ],
  inactiveTopics: 'delete_when_no_subscriptions',
  retention: { minutes: 0, megabytes: 0 },
  deduplication: false,
  compactionBytes: 0,
  copies: { written: 3, acknowledged: 2 },
  trouble: undefined,
}

const of = (policies: Policies, name = 'protocol', subscriptionWarnings: readonly string[] = []) =>
  guaranteesOf({
    choice: { name, reason: 'A test.' },
    policies,
    subscriptionWarnings,
    ...{ subscription: 'wal-kept', namespace: 'public/default' },
  })

test('with the stock policies of a namespace nothing but truncation removes records', () => {
  expect(of(STOCK)).toEqual({
    driver: { name: 'protocol', reason: 'A test.' },
    durability: 'stored by at least 2 of 3 bookies',
    fencing: 'all machines',
    retention: 'kept until truncated, or removed by hand',
    truncation: 'ledger; the broker frees whole ledgers, never the current one',
    warnings: [],
  })
})

test('without the admin interface retention is unknown, and there is nothing to warn of', () => {
  expect(of(UNKNOWN_POLICIES)).toMatchObject({ retention: 'unknown', warnings: [] })
  expect(of({ ...STOCK, inactiveTopics: undefined }).retention).toBe('unknown')
})

test('a subscription expiration time that is not told makes retention unknown, and is a warning with its remedy', () => {
  const { retention, warnings } = of({ ...STOCK, subscriptionExpiryMinutes: undefined })
  expect(retention).toBe('unknown')
  expect(warnings).toEqual([expect.stringMatching(/not told.*set-subscription-expiration-time -t 0 public/)])
})

const quota = (policy: string, limits: { limitBytes?: number; limitSeconds?: number }) => ({
  backlogQuotas: [{ type: 'destination_storage', policy, limitBytes: -1, limitSeconds: -1, ...limits }],
})

const REMOVING: readonly (readonly [policies: Partial<Policies>, warning: RegExp])[] = [
  [{ ttlSeconds: 60 }, /after 60 s \(message TTL\).*remove-message-ttl public\/default/],
  [{ subscriptionExpiryMinutes: 5 }, /after 5 min.*"wal-kept".*set-subscription-expiration-time -t 0/],
  [quota('consumer_backlog_eviction', { limitBytes: 100 }), /100 bytes.*Choose producer_request_hold/],
  [quota('consumer_backlog_eviction', { limitSeconds: 9 }), /9 s old.*Choose producer_request_hold/],
  [{ inactiveTopics: 'delete_when_subscriptions_caught_up' }, /Choose delete_when_no_subscriptions/],
]

test.each(REMOVING)('a policy that removes records is a warning with its remedy: %o', (policies, warning) => {
  const { retention, warnings } = of({ ...STOCK, ...policies })
  expect(retention).toBe('the broker removes records by itself')
  expect(warnings).toEqual([expect.stringMatching(warning)])
  // Also when other policies could not be read.
  expect(of({ ...UNKNOWN_POLICIES, ...policies }).retention).toBe('the broker removes records by itself')
})

const HARMLESS: readonly (readonly [policies: Partial<Policies>, warning: RegExp])[] = [
  [quota('producer_request_hold', { limitBytes: 100 }), /^Appends wait.*100 bytes.*Truncate in time/],
  [quota('producer_exception', { limitSeconds: 9, limitBytes: 5 }), /5 bytes or records that are 9 s old/],
  [{ retention: { minutes: -1, megabytes: 10 } }, /-1 min, 10 MB.*remove-retention/],
  [{ deduplication: true }, /set-deduplication --disable/],
  [{ compactionBytes: 100 }, /100 bytes.*set-compaction-threshold/],
  [{ copies: { written: 2, acknowledged: 1 } }, /ack quorum 1, write quorum 2/],
  [{ trouble: 'HTTP 401' }, /HTTP 401.*adminUrl/],
]

test.each(HARMLESS)(
  'a policy that removes nothing may be a warning all the same: %o',
  (policies, warning) => {
    const { retention, warnings } = of({ ...STOCK, ...policies })
    expect(retention).toBe('kept until truncated, or removed by hand')
    expect(warnings).toEqual([expect.stringMatching(warning)])
  },
)

test('a quota without limits is no warning, whatever its policy', () => {
  const { retention, warnings } = of({ ...STOCK, ...quota('consumer_backlog_eviction', {}) })
  expect({ retention, warnings }).toEqual({
    retention: 'kept until truncated, or removed by hand',
    warnings: [],
  })
})

test('what the native driver keeps less well is told', () => {
  const { fencing, warnings } = of(STOCK, 'native', ['The subscription was gone.'])
  expect(fencing).not.toBe('all machines')
  expect(warnings.length).toBeGreaterThan(1)
  expect(warnings.at(-1)).toBe('The subscription was gone.')
})
