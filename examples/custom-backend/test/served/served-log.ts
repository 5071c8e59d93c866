import * as impls from '@wal/walimpls'
import * as helper from '@wal/walimpls/helper'
import type { Database } from 'libsql'
import { type Connection, ConnectionLost, type DatabaseServer, rows } from './database-server.js'
import type { Mistakes } from './mistakes.js'

export type Id = helper.NumberId
export const ids = helper.numberIdCodec('served')

export interface ServedLogParts {
  readonly server: DatabaseServer
  readonly path: string
  readonly channel: string
  readonly runtime: impls.Runtime
  readonly mistakes: Mistakes
  readonly opener: helper.Lifetime
}

const PAGE_ROWS = 500
const RECORDS = 'SELECT id, payload, properties FROM record'

/** A log open for reading. It makes its requests over one connection, and makes a new connection after that one has broken. */
export class ServedLog implements impls.ReadOnlyWALImpls<Id> {
  readonly channel: string
  readonly place: string
  readonly limits: impls.Limits = {
    maxRecordBytes: 2 ** 24,
    maxBatchBytes: 2 ** 22,
    maxBatchMessages: 1000,
    maxInFlightBatches: 4,
  }
  readonly guarantees: impls.Guarantees = {
    durability: 'committed, not synced: for tests',
    fencing: 'all writers, checked in the transaction that stores',
    retention: 'kept until truncated',
    truncation: 'record',
    warnings: [],
  }
  readonly lifetime: helper.Lifetime
  #connecting: Promise<Connection> | undefined

  constructor(readonly parts: ServedLogParts) {
    this.channel = parts.channel
    this.place = parts.path
    this.lifetime = parts.opener.ofLog(parts.channel, () => this.#release())
  }

  async connection(): Promise<Connection> {
    const present = await this.#connecting?.catch(() => undefined)
    if (present?.open) return present
    const { server, path } = this.parts
    this.#connecting = server.connect(path)
    return this.#connecting
  }

  async request<T>(run: (database: Database) => T): Promise<T> {
    try {
      return await (await this.connection()).request(run)
    } catch (error) {
      throw mapped(error)
    }
  }

  last(waits?: impls.Waits): Promise<impls.StoredMessage<Id> | undefined> {
    const look = (database: Database) => {
      const { next } = boundsOf(database)
      const [last] = messages(database, `${RECORDS} ORDER BY id DESC LIMIT 1`)
      if (last === undefined && next > 1 && !this.parts.mistakes.idsDrawnBeforeLock)
        throw new impls.PositionTruncatedError(`every record of ${this.channel} was removed`)
      return last
    }
    return this.lifetime.during(waits, () => this.request(look))
  }

  read(options: impls.ScannerOptions<Id>): impls.ScannerImpls<Id> {
    const { server, path, runtime, mistakes } = this.parts
    let next = 0
    const bell = new helper.Bell()
    const listener = bell.listener(runtime)
    let connection: Connection | undefined
    const stopListening = mistakes.trustsWakeUps ? () => {} : server.listen(path, () => bell.ring())
    const ask = async <T>(run: (database: Database) => T): Promise<T> => {
      // A scanner keeps its connection and ends with it. A new scanner then checks whether the last record is still stored.
      connection ??= await this.connection()
      return connection.request(run)
    }
    return new helper.PagedScanner<Id>({
      options,
      owner: this.lifetime,
      begin: async () => {
        const bounds = await ask(boundsOf).catch(unavailable)
        next = helper.startValue(ids, options.start, bounds)
      },
      page: async (maxBytes) => {
        listener.heard()
        const from = next
        const page = await ask((database) => {
          const bounds = boundsOf(database)
          helper.checkKept(ids, from, bounds.oldest)
          if (from > bounds.next) throw lostEnd(this.channel, from, bounds.next)
          const found = messages(database, `${RECORDS} WHERE id >= ? ORDER BY id LIMIT ${PAGE_ROWS}`, from)
          // With this mistake a number may be missing only for a moment, so a hole is no sign of a truncation.
          if (mistakes.idsDrawnBeforeLock) return within(maxBytes, found)
          return within(maxBytes, helper.keptRun(ids, { wanted: from, next: bounds.next }, found))
        }).catch(unavailable)
        next = (page.at(-1)?.id.value ?? next - 1) + 1
        return page
      },
      waitForMore: (signal) => {
        if (mistakes.trustsWakeUps) return untilHeard(server, path, signal)
        return listener.wait(signal, 20)
      },
      release: stopListening,
    })
  }

  close(): Promise<void> {
    return this.lifetime.close()
  }

  async #release(): Promise<void> {
    const connection = await this.#connecting?.catch(() => undefined)
    await connection?.close()
  }
}

function boundsOf(database: Database): { oldest: number; next: number } {
  const [[next, oldest]] = rows(database, 'SELECT next, oldest FROM counter') as [[number, number]]
  return { next, oldest }
}

/** The first messages, about `maxBytes` of them and at least one. */
function within(
  maxBytes: number,
  all: readonly impls.StoredMessage<Id>[],
): readonly impls.StoredMessage<Id>[] {
  let bytes = 0
  const count = all.findIndex((message, i) => {
    bytes += impls.recordBytes(message)
    return i > 0 && bytes > maxBytes
  })
  return count < 0 ? all : all.slice(0, count)
}

function untilHeard(server: DatabaseServer, path: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      stopListening()
      stopWatching()
      resolve()
    }
    const stopListening = server.listen(path, done)
    let stopWatching = () => {}
    stopWatching = helper.onAbort(signal, done)
  })
}

function lostEnd(channel: string, next: number, end: number): impls.LogRolledBackError {
  const id = (value: number) => ids.serialise(ids.of(value))
  return new impls.LogRolledBackError(`The log ${channel} ends before record ${id(next)}, which was there.`, {
    known: id(next - 1),
    resumeAt: id(Math.max(1, end - 1)),
  })
}

function unavailable(error: unknown): never {
  if (error instanceof ConnectionLost)
    throw new impls.WalError('WAL_UNAVAILABLE', error.message, { cause: error })
  throw mapped(error)
}

/** Maps an error of the driver. After a broken connection the outcome of an append stays unknown. */
export function mapped(error: unknown): unknown {
  const notWritten = { outcome: 'not-written' } as const
  if (error instanceof ConnectionLost)
    return error.sent ? error : new impls.AppendError('WAL_UNAVAILABLE', error.message, notWritten)
  if (String(error).includes('no such table'))
    return new impls.AppendError('WAL_CHANNEL_NOT_FOUND', 'the channel was deleted', notWritten)
  return error
}

function messages(database: Database, sql: string, ...values: number[]): impls.StoredMessage<Id>[] {
  const found = rows(database, sql, ...values) as [number, Uint8Array, Uint8Array][]
  return found.map(([id, payload, packed]) => ({
    id: ids.of(id),
    payload,
    properties: helper.decodeProperties(packed),
  }))
}
