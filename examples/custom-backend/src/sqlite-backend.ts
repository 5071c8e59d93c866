import { isDeepStrictEqual } from 'node:util'
import * as impls from '@wal/walimpls'
import * as helper from '@wal/walimpls/helper'
import type { Database } from 'libsql'

type Id = helper.NumberId
const ids = helper.numberIdCodec('sqlite')
const limits = {
  maxRecordBytes: 2 ** 26,
  maxBatchBytes: 2 ** 26,
  maxBatchMessages: 10_000,
  maxInFlightBatches: 1,
}
/** AUTOINCREMENT gives no number out twice, and leaves no holes: a transaction that is rolled back returns its numbers. */
const SCHEMA = `PRAGMA journal_mode = WAL; BEGIN IMMEDIATE;
  CREATE TABLE IF NOT EXISTS writer (one INTEGER PRIMARY KEY CHECK (one = 1), term INTEGER, incarnation TEXT);
  CREATE TABLE IF NOT EXISTS record (id INTEGER PRIMARY KEY AUTOINCREMENT, payload BLOB, properties BLOB);
  COMMIT`
const TABLES = "SELECT 1 FROM sqlite_master WHERE name = 'record'"
/** Selects the records from number ?1 on, up to the record that reaches ?2 bytes. */
const PAGE = `SELECT id, payload, properties FROM record WHERE id BETWEEN ?1 AND (SELECT MAX(id) FROM (
  SELECT id, SUM(size) OVER (ORDER BY id) - size AS start FROM (
    SELECT id, length(payload) + length(properties) AS size FROM record WHERE id >= ?1 ORDER BY id LIMIT 1000
  )) WHERE start < ?2) ORDER BY id`
const LAST = 'SELECT id, payload, properties FROM record ORDER BY id DESC LIMIT 1'
const ONE = 'SELECT id, payload, properties FROM record WHERE id = ?'
/** Selects the number of the oldest record kept, and of the last record ever stored, which others may have removed. */
const BOUNDS = `SELECT COALESCE(MIN(id), 1), COALESCE((SELECT seq FROM sqlite_sequence WHERE name = 'record'), 0)
  FROM record`

export interface SqliteOptions {
  /** Folder of the database files. */
  readonly directory: string
}

export const sqliteBuilder: impls.OpenerBuilderImpls<SqliteOptions, Id> = {
  name: 'sqlite',
  traits: { fencing: 'host', truncation: 'record', list: true, delete: false },
  messageIds: ids,
  options: {
    directory: { type: 'text', from: 'path', required: true, description: 'Folder of the database files.' },
  },
  async build({ directory }, runtime, waits) {
    waits?.signal?.throwIfAborted()
    const opener = new helper.Lifetime({ what: 'The opener' })
    const connect = async (channel: string, create: boolean): Promise<Connection> => {
      const path = `${directory}/${channel}.db`
      const { default: Sqlite } = await import('libsql')
      if (create) await runtime.files.makeDirectory(directory)
      // libsql creates a missing file even when it is told to open an existing one only.
      else if (!runtime.files.existsNow(path)) throw new impls.WalError('WAL_CHANNEL_NOT_FOUND', `no ${path}`)
      const database = new Sqlite(path, { timeout: 30_000 })
      database.exec('PRAGMA synchronous = FULL')
      // While another process is creating the log, the file exists before its tables do.
      if (rows(database, TABLES).length === 0) {
        if (create) database.exec(SCHEMA)
        else {
          database.close()
          throw new impls.WalError('WAL_CHANNEL_NOT_FOUND', `no log in ${path} yet`)
        }
      }
      if (!create) database.exec('PRAGMA query_only = ON')
      const place = await runtime.files.identity(path)
      const lifetime = opener.ofLog(channel, () => void database.close())
      return { channel, place, database, runtime, lifetime }
    }
    return {
      openReadOnly: (channel, waits) =>
        opener.opening(waits, async () => readOnlyLog(await connect(channel, false))),
      open: (channel, writer, waits) =>
        opener.opening(waits, async () => writableLog(await connect(channel, true), writer)),
      list: (waits) =>
        opener.during(waits, async () => {
          const files = await runtime.files.list(directory)
          return files.filter((file) => file.endsWith('.db')).map((file) => file.slice(0, -3))
        }),
      close: () => opener.close(),
    }
  },
}

interface Connection {
  readonly channel: string
  /** The device and inode of the database file. */
  readonly place: string
  readonly database: Database
  readonly runtime: impls.Runtime
  readonly lifetime: helper.Lifetime
}

function readOnlyLog(connection: Connection): impls.ReadOnlyWALImpls<Id> {
  const { channel, place, database, runtime, lifetime } = connection
  return {
    channel,
    place,
    limits,
    guarantees: {
      durability: 'synced to disk (journal_mode WAL, synchronous FULL)',
      fencing: 'writers on this host, checked in the transaction that stores',
      retention: 'kept until truncated',
      truncation: 'record',
      warnings: [],
    },
    last: (waits) =>
      lifetime.during(waits, async () => {
        const { next } = boundsOf(database)
        const [last] = messages(database, LAST)
        // `truncate` keeps the last record. When no record is left although some were stored, others removed them.
        if (!last && next > 1) throw new impls.PositionTruncatedError('every record of the log was removed')
        return last
      }),
    read(options) {
      let next = 0
      let given: impls.StoredMessage<Id> | undefined
      return new helper.PagedScanner<Id>({
        options,
        owner: lifetime,
        async begin() {
          next = helper.startValue(ids, options.start, boundsOf(database))
        },
        async page(maxBytes) {
          const bounds = boundsOf(database)
          // Record numbers have no holes, so a number that is missing on the page was truncated, or removed by others.
          const page = helper.keptRun(
            ids,
            { wanted: next, next: bounds.next },
            messages(database, PAGE, next, maxBytes),
          )
          if (given) checkThere(database, given)
          next += page.length
          given = page.at(-1) ?? given
          return page
        },
        // The writer may be in another process, which does not ring a bell here, so the scanner polls.
        waitForMore: (signal) => helper.sleep(runtime, 20, signal),
      })
    },
    close: () => lifetime.close(),
  }
}

/**
 * Throws when the record that the scanner gave out last is gone, or is another one: a database that was put back to an older
 * state breaks no connection, and gives out the lost numbers again. Checked after every page is read.
 */
function checkThere(database: Database, given: impls.StoredMessage<Id>): void {
  const { next } = boundsOf(database)
  const [found] = messages(database, ONE, given.id.value)
  // A missing record is lost when it was the last one. When later records exist, it was truncated.
  if (found ? isDeepStrictEqual(found, given) : given.id.value < next - 1) return
  const known = ids.serialise(given.id)
  throw new impls.LogRolledBackError(`record ${known} was read and is gone: the log lost its end`, { known })
}

function writableLog(connection: Connection, writer: impls.Writer): impls.WALImpls<Id> {
  const { database, lifetime, runtime } = connection
  const insert = database.prepare('INSERT INTO record (payload, properties) VALUES (?, ?)')
  const turns = new helper.AppendTurns({ lifetime, maxInFlightBatches: limits.maxInFlightBatches })
  lifetime.add(() => turns.settled())
  let entered = false
  const store = (batch: impls.Batch) => {
    const [[term, holder] = [-1, '']] = rows(database, 'SELECT term, incarnation FROM writer') as [
      number,
      string,
    ][]
    if (term !== writer.term || holder !== writer.incarnation) {
      // The first batch after the open takes the fence, unless a writer of a higher term has it.
      if (entered || term > writer.term)
        throw helper.notWritten('WAL_FENCED', `a writer of term ${term} is there`)
      database.prepare('REPLACE INTO writer VALUES (1, ?, ?)').run([writer.term, writer.incarnation])
    }
    return batch.messages.map(({ payload, properties }) => {
      const { lastInsertRowid } = insert.run([payload, helper.encodeProperties(properties)])
      return ids.of(Number(lastInsertRowid))
    })
  }
  return {
    ...readOnlyLog(connection),
    writer,
    append: (batch) =>
      turns.run(async () => {
        // libsql works synchronously. Without this turn, a loop of appends would keep timers and I/O from running.
        await runtime.yield()
        const stored = inTransaction(database, () => store(batch))
        entered = true
        return stored
      }),
    truncate: (before, waits) =>
      lifetime.during(waits, async () => {
        const sql = 'DELETE FROM record WHERE id < MIN(?, (SELECT MAX(id) FROM record))'
        database.prepare(sql).run([ids.numberOf(before)])
      }),
  }
}

function inTransaction<T>(database: Database, work: () => T): T {
  database.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    database.exec('COMMIT')
    return result
  } catch (error) {
    // When the disk is full, SQLite rolls the transaction back by itself, and another ROLLBACK would fail. (With libsql's own
    // `transaction` the caller would get the error of that ROLLBACK, and not that the disk is full.)
    if (database.inTransaction) database.exec('ROLLBACK')
    throw told(error)
  }
}

/**
 * Maps a full disk to `WAL_STORAGE_FULL`: appends then wait for room, which a truncation makes. Other errors of SQLite are
 * retried by the adaptor.
 */
function told(error: unknown): unknown {
  if ((error as { code?: unknown }).code !== 'SQLITE_FULL') return error
  const text = `${(error as Error).message}: truncate the log, or free space`
  return helper.notWritten('WAL_STORAGE_FULL', text, error)
}

function boundsOf(database: Database): { oldest: number; next: number } {
  const [[oldest, last]] = rows(database, BOUNDS) as [[number, number]]
  return { oldest, next: last + 1 }
}

function messages(database: Database, sql: string, ...values: number[]): impls.StoredMessage<Id>[] {
  const found = rows(database, sql, ...values) as [number, Uint8Array, Uint8Array][]
  return found.map(([id, payload, packed]) => ({
    id: ids.of(id),
    payload,
    properties: helper.decodeProperties(packed),
  }))
}

/** Always calls `all`: a statement that is read only in part would keep its read transaction open. */
function rows(database: Database, sql: string, ...values: number[]): unknown[] {
  return database.prepare(sql).raw().all(values)
}
