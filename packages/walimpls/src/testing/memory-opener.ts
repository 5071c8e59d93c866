import { WalError } from '../errors/wal-error.js'
import { Lifetime } from '../helper/lifetime.js'
import type { OpenerImpls } from '../opener.js'
import type { Runtime } from '../runtime/runtime.js'
import type { Limits } from '../traits.js'
import type { Waits } from '../wal.js'
import type { Writer } from '../writer.js'
import type { MemoryId } from './memory-id.js'
import { MemoryLog } from './memory-log.js'
import { type MemoryLogParts, MemoryReadOnlyWAL } from './memory-read-only-wal.js'
import type { MemoryStore } from './memory-store.js'
import { MemoryWAL } from './memory-wal.js'

export class MemoryOpener implements OpenerImpls<MemoryId> {
  readonly #lifetime = new Lifetime({ what: 'The opener' })
  readonly #name: string
  readonly #store: MemoryStore
  readonly #limits: Limits
  readonly #runtime: Runtime

  constructor(parts: {
    readonly name: string
    readonly store: MemoryStore
    readonly limits: Limits
    readonly runtime: Runtime
  }) {
    this.#name = parts.name
    this.#store = parts.store
    this.#limits = parts.limits
    this.#runtime = parts.runtime
  }

  openReadOnly(channel: string, waits?: Waits): Promise<MemoryReadOnlyWAL> {
    return this.#lifetime.opening(
      waits,
      async () => new MemoryReadOnlyWAL(this.#partsOf(channel, this.#existing(channel))),
    )
  }

  open(channel: string, writer: Writer, waits?: Waits): Promise<MemoryWAL> {
    return this.#lifetime.opening(waits, async () => {
      const log = this.#store.get(channel) ?? new MemoryLog()
      this.#store.set(channel, log)
      return new MemoryWAL(this.#partsOf(channel, log), writer)
    })
  }

  list(waits?: Waits): Promise<string[]> {
    return this.#lifetime.during(waits, async () => [...this.#store.keys()])
  }

  delete(channel: string, waits?: Waits): Promise<void> {
    return this.#lifetime.during(waits, async () => {
      this.#existing(channel).remove()
      this.#store.delete(channel)
    })
  }

  close(): Promise<void> {
    return this.#lifetime.close()
  }

  #partsOf(channel: string, log: MemoryLog): MemoryLogParts {
    return {
      channel,
      place: `${this.#name}/${channel}`,
      log,
      limits: this.#limits,
      runtime: this.#runtime,
      opener: this.#lifetime,
    }
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
