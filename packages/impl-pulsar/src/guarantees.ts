import type { DriverChoice, Guarantees } from '@wal/walimpls'
import type { Policies } from './admin/policies.js'
import {
  DELETED_WHEN_CAUGHT_UP,
  evicts,
  policyWarnings,
  type WarningContext,
} from './admin/policy-warnings.js'
import { NATIVE_FENCING, NATIVE_WARNINGS } from './native/native-driver.js'

export interface LogState extends WarningContext {
  readonly choice: DriverChoice
  readonly policies: Policies
  /** What was noticed about the durable subscription. */
  readonly subscriptionWarnings: readonly string[]
}

const UNKNOWN = 'unknown'

/** What an acknowledgement is worth (G2), and who may remove records. What the admin interface does not tell is unknown. */
export function guaranteesOf(state: LogState): Guarantees {
  const { choice, policies, subscriptionWarnings } = state
  return {
    driver: choice,
    durability: durabilityOf(policies),
    fencing: fencingOf(choice),
    retention: retentionOf(policies),
    truncation: 'ledger; the broker frees whole ledgers, never the current one',
    warnings: [...driverWarnings(choice), ...subscriptionWarnings, ...policyWarnings(policies, state)],
  }
}

function durabilityOf({ copies }: Policies): string {
  if (copies === undefined) return 'the broker’s receipt: stored by the namespace’s ack quorum of bookies'
  const { written, acknowledged } = copies
  return `stored by ${acknowledged === 1 ? 'one bookie' : `at least ${acknowledged} of ${written} bookies`}`
}

function fencingOf({ name }: DriverChoice): string {
  return name === 'native' ? NATIVE_FENCING : 'all machines'
}

/** Whether the policies that remove records by themselves are all known, and none of them is set. */
function retentionOf(policies: Policies): string {
  const { ttlSeconds, subscriptionExpiryMinutes, backlogQuotas, inactiveTopics } = policies
  if (
    (ttlSeconds ?? 0) > 0 ||
    (subscriptionExpiryMinutes ?? 0) > 0 ||
    backlogQuotas?.some(evicts) ||
    inactiveTopics === DELETED_WHEN_CAUGHT_UP
  )
    return 'the broker removes records by itself'
  const known = [ttlSeconds, subscriptionExpiryMinutes, backlogQuotas, inactiveTopics]
  return known.includes(undefined) ? UNKNOWN : 'kept until truncated, or removed by hand'
}

function driverWarnings({ name }: DriverChoice): readonly string[] {
  return name === 'native' ? NATIVE_WARNINGS : []
}
