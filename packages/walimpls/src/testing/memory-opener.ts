import { WalError } from '../errors/wal-error.js'
import { CloseTree } from '../helper/close-tree.js'
import type { OpenerImpls } from '../opener.js'
import type { Runtime } from '../runtime/runtime.js'
import type { Limits } from '../traits.js'
import type { Waits } from '../wal.js'
import type { Writer } from '../writer.js'
import type { MemoryId } from './memory-id.js'
import { MemoryLog } from './memory-log.js'
import { MemoryReadOnlyWAL } from './memory-read-only-wal.js'
import type { MemoryStore } from './memory-store.js'
import { MemoryWAL } from './memory-wal.js'

export class MemoryOpener implements OpenerImpls<MemoryId> {
  readonly #tree = new CloseTree()
  readonly #name: string
  readonly #store: MemoryStore
  readonly #limits: Limits
  readonly #runtime: Runtime

  constructor(name: string, store: MemoryStore, limits: Limits, runtime: Runtime) {
    this.#name = name
    this.#store = store
    this.#limits = limits
    this.#runtime = runtime
  }

  async openReadOnly(channel: string, waits?: Waits): Promise<MemoryReadOnlyWAL> {
    this.#check(waits)
    return new MemoryReadOnlyWAL(
      channel,
      this.#placeOf(channel),
      this.#existing(channel),
      this.#limits,
      this.#tree,
      this.#runtime,
    )
  }

  async open(channel: string, writer: Writer, waits?: Waits): Promise<MemoryWAL> {
    this.#check(waits)
    const log = this.#store.get(channel) ?? new MemoryLog()
    this.#store.set(channel, log)
    return new MemoryWAL(
      channel,
      this.#placeOf(channel),
      log,
      this.#limits,
      this.#tree,
      writer,
      this.#runtime,
    )
  }

  async list(waits?: Waits): Promise<string[]> {
    this.#check(waits)
    return [...this.#store.keys()]
  }

  async delete(channel: string, waits?: Waits): Promise<void> {
    this.#check(waits)
    this.#existing(channel).remove()
    this.#store.delete(channel)
  }

  close(): Promise<void> {
    return this.#tree.close()
  }

  #check(waits: Waits | undefined): void {
    this.#tree.assertOpen('the opener')
    waits?.signal?.throwIfAborted()
  }

  #placeOf(channel: string): string {
    return `${this.#name}/${channel}`
  }

  #existing(channel: string): MemoryLog {
    const log = this.#store.get(channel)
    if (log === undefined)
      throw new WalError(
        'WAL_CHANNEL_NOT_FOUND',
        `There is no channel "${channel}" in the store "${this.#name}". Opening it for writing makes it.`,
      )
    return log
  }
}
