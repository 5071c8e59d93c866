import * as impls from '@wal/walimpls'
import * as helper from '@wal/walimpls/helper'
import type { Database } from 'libsql'
import { type Connection, ConnectionLost, rows } from './database-server.js'
import { type Id, ids, mapped, ServedLog, type ServedLogParts } from './served-log.js'

const notWritten = { outcome: 'not-written' } as const

/** A log open for writing. Each batch is one request, which checks the fence and stores the batch in one transaction. */
export class ServedWriter extends ServedLog implements impls.WALImpls<Id> {
  readonly #turns = new helper.AppendTurns()
  /** The connections of a backend with a mistake: batches that do not wait for each other are sent over different ones. */
  readonly #pool: (Promise<Connection> | undefined)[] = [undefined, undefined, undefined, undefined]
  #tail: Promise<unknown> = Promise.resolve()
  #drawn: Promise<unknown> = Promise.resolve()
  #ordinal = 0
  #inFlight = 0
  #entered = false

  constructor(
    parts: ServedLogParts,
    readonly writer: impls.Writer,
  ) {
    super(parts)
    this.lifetime.add(() => this.#settled())
  }

  append(batch: impls.Batch): Promise<readonly Id[]> {
    if (this.lifetime.closed)
      return this.#turns.run(() =>
        Promise.reject(new impls.AppendError('WAL_CLOSED', 'the log is closed', notWritten)),
      )
    if (this.#inFlight >= this.limits.maxInFlightBatches)
      return Promise.reject(
        new impls.AppendError('WAL_INVALID_ARGUMENT', 'too many batches in flight', notWritten),
      )
    this.#inFlight++
    return this.#sent(batch).finally(() => this.#inFlight--)
  }

  truncate(before: Id, waits?: impls.Waits): Promise<void> {
    return this.lifetime.during(waits, () => {
      const value = ids.numberOf(before)
      return this.request((database) =>
        inTransaction(database, () => {
          const kept = 'MIN(?, (SELECT MAX(id) FROM record))'
          database.prepare(`UPDATE counter SET oldest = MAX(oldest, ${kept})`).run([value])
          database.prepare('DELETE FROM record WHERE id < (SELECT oldest FROM counter)').run([])
        }),
      )
    })
  }

  #sent(batch: impls.Batch): Promise<readonly Id[]> {
    const { mistakes } = this.parts
    if (mistakes.idsDrawnBeforeLock) return this.#inOrder(this.#drawThenStore(batch))
    const store = () => this.#store(batch)
    if (mistakes.goesOnBehindFailure) return this.#inOrder(this.#tail.then(store, store))
    return this.#turns.run(store)
  }

  /** Settles after all earlier appends have settled. */
  #inOrder(sent: Promise<readonly Id[]>): Promise<readonly Id[]> {
    sent.catch(() => {})
    const settled = this.#tail.then(
      () => sent,
      () => sent,
    )
    this.#tail = settled.catch(() => {})
    return settled
  }

  async #store(batch: impls.Batch): Promise<readonly Id[]> {
    const { server, path, mistakes } = this.parts
    try {
      const connection = await this.connection()
      if (mistakes.fenceLookedUpBefore) await connection.request((database) => this.#checkFence(database))
      const stored = await connection.request(
        (database) =>
          inTransaction(database, () => {
            if (!mistakes.fenceLookedUpBefore) this.#checkFence(database)
            return this.#known(database, batch) ?? this.#insert(database, batch, draw(database, batch))
          }),
        batch.bytes,
      )
      this.#entered = true
      server.notify(path)
      return stored
    } catch (error) {
      throw this.#told(error)
    }
  }

  async #drawThenStore(batch: impls.Batch): Promise<readonly Id[]> {
    const { server, path } = this.parts
    const mine = this.#ordinal++ % this.#pool.length
    try {
      // Ids are drawn in call order, over one connection.
      const drawing = this.#drawn.then(async () =>
        (await this.connection()).request((database) => draw(database, batch)),
      )
      this.#drawn = drawing.catch(() => {})
      const first = await drawing
      let connection = await this.#pool[mine]?.catch(() => undefined)
      if (!connection?.open) {
        this.#pool[mine] = server.connect(path)
        connection = await this.#pool[mine]
      }
      const stored = await (connection as Connection).request(
        (database) =>
          inTransaction(database, () => {
            this.#checkFence(database)
            return this.#known(database, batch) ?? this.#insert(database, batch, first)
          }),
        batch.bytes,
      )
      this.#entered = true
      server.notify(path)
      return stored
    } catch (error) {
      throw this.#told(error)
    }
  }

  #told(error: unknown): unknown {
    if (this.parts.mistakes.deniesLostBatch && error instanceof ConnectionLost)
      return new impls.AppendError('WAL_UNAVAILABLE', error.message, notWritten)
    return mapped(error)
  }

  /** Checks the fence. The first batch after the open takes it, unless a writer of a higher term has it. */
  #checkFence(database: Database): void {
    const { term, incarnation } = this.writer
    const [[held, holder] = [-1, '']] = rows(database, 'SELECT term, incarnation FROM writer') as [
      number,
      string,
    ][]
    if (held === term && holder === incarnation) return
    if (this.#entered || held > term)
      throw new impls.AppendError('WAL_FENCED', `a writer of term ${held} is there`, notWritten)
    database.prepare('REPLACE INTO writer VALUES (1, ?, ?)').run([term, incarnation])
  }

  /** The ids of a batch that is already stored: its answer was lost, or it was stored by a statement of a broken connection. */
  #known(database: Database, { sequence, messages }: impls.Batch): Id[] | undefined {
    const sql = 'SELECT id FROM record WHERE incarnation = ? AND sequence BETWEEN ? AND ? ORDER BY id'
    const last = sequence + messages.length - 1
    const found = rows(database, sql, this.writer.incarnation, sequence, last) as [number][]
    return found.length === messages.length ? found.map(([id]) => ids.of(id)) : undefined
  }

  #insert(database: Database, { sequence, messages }: impls.Batch, first: number): Id[] {
    const insert = database.prepare('INSERT INTO record VALUES (?, ?, ?, ?, ?)')
    return messages.map(({ payload, properties }, i) => {
      insert.run([
        first + i,
        this.writer.incarnation,
        sequence + i,
        payload,
        helper.encodeProperties(properties),
      ])
      return ids.of(first + i)
    })
  }

  async #settled(): Promise<void> {
    await Promise.all([this.#turns.settled(), this.#tail])
    for (const connecting of this.#pool) {
      const connection = await connecting?.catch(() => undefined)
      await connection?.close()
    }
  }
}

/** Draws one id for each message of the batch, and answers the first of them. */
function draw(database: Database, { messages }: impls.Batch): number {
  const sql = 'UPDATE counter SET next = next + ? RETURNING next'
  const [[next]] = rows(database, sql, messages.length) as [[number]]
  return next - messages.length
}

function inTransaction<T>(database: Database, work: () => T): T {
  return database.transaction(work).immediate() as T
}
