import type { Runtime } from '@wal/walimpls'
import { backoffMs, sleep } from '@wal/walimpls/helper'
import type { EntryReader, PulsarDriver } from '../driver/pulsar-driver.js'
import { PulsarError } from '../driver/pulsar-error.js'

export interface OpeningTurnParts {
  readonly driver: Pick<PulsarDriver, 'reader'>
  readonly runtime: Pick<Runtime, 'setTimeout' | 'monotonic' | 'random'>
  readonly topic: string
  /** How long to wait for other openers, in milliseconds. */
  readonly patienceMs: number
}

/** The non-durable subscription that only one opener of a topic has at a time. */
const SUBSCRIPTION = 'wal-opening'

const PAUSE_MS = 50

/**
 * Waits until no other opener is taking the topic's fence. While the reader that this answers is open, other openers wait; it ends
 * with its connection at the latest, and reads nothing.
 *
 * Broker 4.0.0 stops its work on a topic for good when a producer that was fenced is fenced again at the moment at which its last
 * entry is stored: two of its threads then wait for each other's lock. Openers that take turns fence each producer once.
 *
 * Undefined when another opener has its turn for so long that it may hang; the fence itself needs no turns.
 */
export async function openingTurn(parts: OpeningTurnParts): Promise<EntryReader | undefined> {
  const { driver, runtime, topic, patienceMs } = parts
  const end = runtime.monotonic() + patienceMs
  for (;;)
    try {
      return await driver.reader(topic, {
        start: 'latest',
        subscription: SUBSCRIPTION,
        entry: () => {},
        ended: () => {},
      })
    } catch (error) {
      if (!(error instanceof PulsarError && error.code === 'ConsumerBusy')) throw error
      if (runtime.monotonic() >= end) return undefined
      await sleep(runtime, backoffMs(runtime, 1, { firstMs: PAUSE_MS }))
    }
}
