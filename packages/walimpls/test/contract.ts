import { closeTests } from './contract-close.js'
import type { ContractContext, ContractOptions } from './contract-context.js'
import { contractContext } from './contract-context.js'
import { fencingTests } from './contract-fencing.js'
import { readTests } from './contract-read.js'
import { roundTripTests } from './contract-round-trip.js'
import { truncateTests } from './contract-truncate.js'

export type { ContractContext, ContractOptions }

/**
 * What every backend must do, as tests for any runner: `test` is vitest's or node:test's. Each works on a channel of its
 * own in the place that `options` names.
 */
export function contractTests(options: ContractOptions): void {
  const context = contractContext(options)
  roundTripTests(context)
  readTests(context)
  truncateTests(context)
  fencingTests(context)
  closeTests(context)
}
