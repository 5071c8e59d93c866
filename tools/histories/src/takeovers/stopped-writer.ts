import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FaultProxy } from '@wal/brokers'
import type { OldWriter } from './old-writer.js'

/** Within this time the loops of the older writer have sent all that they send without an answer, in milliseconds. */
const SENDING_MS = 100

/**
 * Stops older writers with appends in their sockets. What they send waits before the broker, reaches it when a newer writer is
 * there, and only then the writers go on.
 */
export class StoppedWriter {
  readonly #proxy: FaultProxy
  #inFlight = 0
  #heldBack = 0

  constructor(proxy: FaultProxy) {
    this.#proxy = proxy
  }

  async stop(older: OldWriter): Promise<void> {
    // What the writer sends from now on waits before the broker. Connections that are made later pass.
    this.#proxy.injectOnce({ kind: 'black-hole' })
    const { bytesToServer } = this.#proxy.counters
    await sleep(SENDING_MS)
    older.process.signal('SIGSTOP')
    assert.ok(older.inFlight > 0, 'no append was in flight when the writer was stopped')
    this.#inFlight += older.inFlight
    this.#heldBack += this.#proxy.counters.bytesToServer - bytesToServer
  }

  async goOn(older: OldWriter): Promise<void> {
    // The appends reach the broker while their writer is still stopped.
    this.#proxy.heal()
    await sleep(SENDING_MS)
    older.process.signal('SIGCONT')
  }

  /** Throws when nothing ever waited before the broker. Says what did. */
  summary(): string {
    assert.ok(this.#heldBack > 0, 'nothing waited before the broker')
    return `${this.#inFlight} appends were in flight, and ${this.#heldBack} bytes waited before the broker`
  }
}
