import type { ScannerImpls, ScannerOptions, StoredMessage, WireMessage } from '@wal/walimpls'
import { systemRuntime } from '@wal/walimpls'
import { CloseTree } from '@wal/walimpls/helper'
import type { EntryPlace } from '../../src/driver/pulsar-driver.js'
import { LastRecord } from '../../src/read/last-record.js'
import { openScanner } from '../../src/read/scanner.js'
import type { PulsarId } from '../../src/records/message-id.js'
import { messageIds } from '../../src/records/message-ids.js'
import { ScriptedDriver } from '../scripted-driver/scripted-driver.js'
import type { NewEntry } from '../scripted-driver/scripted-topic.js'

export const TOPIC = 'persistent://public/default/orders'

export const message = (text: string): WireMessage => ({
  payload: Buffer.from(text),
  properties: ['k', text],
})

export const textsOf = (messages: readonly StoredMessage[]): string[] =>
  messages.map(({ payload }) => Buffer.from(payload).toString())

/** A topic on a scripted driver, a log over it, and a writer whose entries are numbered. */
export class ReadScene {
  readonly driver = new ScriptedDriver()
  readonly topic = this.driver.topic(TOPIC)
  readonly log = new CloseTree()
  #sequence = 0

  /** Stores an entry of these messages, with the writer’s next number. */
  store(texts: readonly string[], more: Partial<NewEntry> = {}): EntryPlace {
    return this.topic.store({
      ...{ producer: 'wal-a', sequence: this.#sequence++, messages: texts.map(message) },
      ...more,
    })
  }

  scan(
    start: ScannerOptions<PulsarId>['start'],
    more: Partial<ScannerOptions<PulsarId>> = {},
    requestTimeoutMs = 1000,
  ): ScannerImpls<PulsarId> {
    return openScanner({
      ...{ driver: this.driver, topic: TOPIC, runtime: systemRuntime, requestTimeoutMs },
      options: { start, maxBytes: 1 << 20, ...more },
      log: this.log,
    })
  }

  from(place: EntryPlace, index = 0): ScannerOptions<PulsarId>['start'] {
    return { from: messageIds.of(place, index) }
  }

  lastRecord(requestTimeoutMs = 1000): LastRecord {
    return new LastRecord({ driver: this.driver, topic: TOPIC, runtime: systemRuntime, requestTimeoutMs })
  }
}

/** All records up to the first empty batch. */
export async function readToEnd(scanner: ScannerImpls<PulsarId>): Promise<string[]> {
  const texts: string[] = []
  for (;;) {
    const batch = (await scanner.next()) ?? []
    if (batch.length === 0) return texts
    texts.push(...textsOf(batch))
  }
}

/** The records before the error with which the scanner ends, and the error. */
export async function readToError(
  scanner: ScannerImpls<PulsarId>,
): Promise<{ readonly texts: readonly string[]; readonly error: unknown }> {
  const texts: string[] = []
  try {
    for (;;) texts.push(...textsOf((await scanner.next()) ?? []))
  } catch (error) {
    return { texts, error }
  }
}

/** Resolves when the event loop has turned so many times. */
export async function turns(count = 10): Promise<void> {
  for (let i = 0; i < count; i++) await systemRuntime.yield()
}
