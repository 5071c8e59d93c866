import {
  type Guarantees,
  type Limits,
  PositionTruncatedError,
  type ReadOnlyWALImpls,
  type ScannerImpls,
  type ScannerOptions,
  type StoredMessage,
  type Waits,
} from '@wal/walimpls'
import type { Lifetime } from '@wal/walimpls/helper'
import { LogView } from './log-view.js'
import { missing, openScanner } from './scanner.js'
import type { Server } from './server.js'
import { type LogKeys, logKeys } from './stored/log-keys.js'
import type { RedisStreamsId } from './stored/message-id.js'

const MEBIBYTE = 1024 * 1024

/**
 * The limits of a log. A batch is stored by one script, and the server serves no other client meanwhile: some milliseconds for
 * the largest batch.
 */
export const LIMITS = {
  maxRecordBytes: 16 * MEBIBYTE,
  maxBatchBytes: MEBIBYTE,
  maxBatchMessages: 500,
} as const

export interface LogParts {
  readonly server: Server
  readonly channel: string
  readonly opener: Lifetime
}

export class RedisStreamsReadOnlyWAL implements ReadOnlyWALImpls<RedisStreamsId> {
  readonly channel: string
  readonly place: string
  readonly limits: Limits
  protected readonly keys: LogKeys
  protected readonly view: LogView
  protected readonly lifetime: Lifetime

  constructor(protected readonly parts: LogParts) {
    const { server, channel, opener } = parts
    this.channel = channel
    this.keys = logKeys(server.options.prefix, channel)
    this.place = server.placeOf(this.keys)
    this.limits = { ...LIMITS, maxInFlightBatches: server.options.maxInFlightBatches }
    this.view = new LogView(server.calls, this.keys)
    this.lifetime = opener.ofLog(channel, () => this.release())
  }

  get guarantees(): Guarantees {
    return this.parts.server.guarantees
  }

  last(waits?: Waits): Promise<StoredMessage<RedisStreamsId> | undefined> {
    return this.lifetime.during(waits, async () => {
      const { exists, last, lastMessage } = await this.view.look()
      if (!exists && this.mustExist()) throw missing(this.stream)
      if (exists && lastMessage === undefined && last !== undefined)
        throw new PositionTruncatedError(
          `${this.stream}: all records, the last one (${last}) included, were removed by another application`,
        )
      return exists ? lastMessage : undefined
    })
  }

  read(options: ScannerOptions<RedisStreamsId>): ScannerImpls<RedisStreamsId> {
    return openScanner({
      view: this.view,
      wakeUps: this.parts.server.wakeUps,
      options,
      mustExist: () => this.mustExist(),
      log: this.lifetime,
    })
  }

  close(): Promise<void> {
    return this.lifetime.close()
  }

  /** The name of the stream in errors. */
  protected get stream(): string {
    return `the stream ${this.keys.stream}`
  }

  /** Whether the stream must exist. A read-only log was opened on an existing stream, so a missing one was removed. */
  protected mustExist(): boolean {
    return true
  }

  /** Releases what the log holds, when all scanners are closed. */
  protected async release(): Promise<void> {}
}
