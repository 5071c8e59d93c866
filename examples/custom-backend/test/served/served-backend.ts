import * as impls from '@wal/walimpls'
import * as helper from '@wal/walimpls/helper'
import { type DatabaseServer, rows } from './database-server.js'
import type { Mistakes } from './mistakes.js'
import { type Id, ids, ServedLog, type ServedLogParts } from './served-log.js'
import { ServedWriter } from './served-writer.js'

const SCHEMA = `BEGIN IMMEDIATE;
  CREATE TABLE IF NOT EXISTS writer (one INTEGER PRIMARY KEY CHECK (one = 1), term INTEGER, incarnation TEXT);
  CREATE TABLE IF NOT EXISTS counter (one INTEGER PRIMARY KEY CHECK (one = 1), next INTEGER, oldest INTEGER);
  CREATE TABLE IF NOT EXISTS record (id INTEGER PRIMARY KEY, incarnation TEXT, sequence INTEGER, payload BLOB,
    properties BLOB, UNIQUE (incarnation, sequence));
  INSERT OR IGNORE INTO counter VALUES (1, 1, 1); COMMIT`
const TABLES = "SELECT 1 FROM sqlite_master WHERE name = 'record'"

/** A backend over a database server, written as an author would write it. Each log is a database file. */
export function servedBuilder(
  server: DatabaseServer,
  mistakes: Mistakes = {},
): impls.OpenerBuilderImpls<{ directory: string }, Id> {
  return {
    name: 'served',
    traits: { fencing: 'cluster', truncation: 'record', list: true, delete: true },
    messageIds: ids,
    options: {
      directory: { type: 'text', description: 'of the database files', required: true, from: 'path' },
    },
    async build({ directory }, runtime, waits) {
      waits?.signal?.throwIfAborted()
      return new ServedOpener(directory, { server, mistakes, runtime })
    },
  }
}

class ServedOpener implements impls.OpenerImpls<Id> {
  readonly #lifetime = new helper.Lifetime({ what: 'The opener' })

  constructor(
    private readonly directory: string,
    private readonly parts: Pick<ServedLogParts, 'server' | 'mistakes' | 'runtime'>,
  ) {}

  openReadOnly(channel: string, waits?: impls.Waits): Promise<ServedLog> {
    return this.#lifetime.opening(waits, async () => {
      this.#mustExist(channel)
      const log = new ServedLog(this.#partsOf(channel))
      const tables = await log.request((database) => rows(database, TABLES))
      if (tables.length > 0) return log
      await log.close()
      throw missing(channel)
    })
  }

  open(channel: string, writer: impls.Writer, waits?: impls.Waits): Promise<ServedWriter> {
    return this.#lifetime.opening(waits, async () => {
      const log = new ServedWriter(this.#partsOf(channel), writer)
      await log.request((database) => database.exec(SCHEMA))
      return log
    })
  }

  list(waits?: impls.Waits): Promise<readonly string[]> {
    return this.#lifetime.during(waits, async () => {
      const files = this.parts.server.list(this.directory)
      return files.filter((file) => file.endsWith('.db')).map((file) => file.slice(0, -3))
    })
  }

  delete(channel: string, waits?: impls.Waits): Promise<void> {
    return this.#lifetime.during(waits, async () => {
      this.#mustExist(channel)
      const log = new ServedLog(this.#partsOf(channel))
      // Logs that are still open on the channel find no tables from now on.
      await log.request((database) =>
        database.exec('DROP TABLE IF EXISTS record; DROP TABLE IF EXISTS counter'),
      )
      await log.close()
      this.parts.server.remove(log.place)
    })
  }

  close(): Promise<void> {
    return this.#lifetime.close()
  }

  #partsOf(channel: string): ServedLogParts {
    return { ...this.parts, channel, path: `${this.directory}/${channel}.db`, opener: this.#lifetime }
  }

  #mustExist(channel: string): void {
    if (!this.parts.server.has(this.#partsOf(channel).path)) throw missing(channel)
  }
}

function missing(channel: string): impls.WalError {
  return new impls.WalError('WAL_CHANNEL_NOT_FOUND', `There is no channel ${channel}.`)
}
