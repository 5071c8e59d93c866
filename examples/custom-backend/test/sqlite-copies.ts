import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LostRecords } from '@wal/conformance'
import Sqlite from 'libsql'

/** Hooks for the kit: they put the database of a channel back to an older state, and copy it to another directory. */
export class SqliteCopies {
  readonly #copies = mkdtempSync(join(tmpdir(), 'wal-sqlite-copies-'))
  #ordinal = 0

  /** `tables` are the tables that make up a log. */
  constructor(
    private readonly directory: string,
    private readonly tables: readonly string[],
  ) {}

  /** Done in one transaction, so that a process with the database open sees either the old state or the new one. */
  saveState(channel: string) {
    const saved = join(this.#copied(channel), `${channel}.db`)
    return {
      putBack: () => {
        const database = new Sqlite(join(this.directory, `${channel}.db`), { timeout: 30_000 })
        database.exec(`ATTACH '${saved}' AS saved; BEGIN IMMEDIATE`)
        for (const table of this.tables)
          database.exec(`DELETE FROM ${table}; INSERT INTO ${table} SELECT * FROM saved.${table}`)
        database.exec('COMMIT')
        database.close()
      },
    }
  }

  copy(channel: string) {
    return { directory: this.#copied(channel) }
  }

  /** `from` and `to` are message ids as text: record numbers in base 36, as `numberIdCodec` writes them. */
  loseRecords({ channel, from, to }: LostRecords): void {
    const database = new Sqlite(join(this.directory, `${channel}.db`), { timeout: 30_000 })
    const ids = [from, to].map((id) => Number.parseInt(id, 36))
    database.prepare('DELETE FROM record WHERE id BETWEEN ? AND ?').run(ids)
    database.close()
  }

  remove(): void {
    rmSync(this.#copies, { recursive: true })
  }

  #copied(channel: string): string {
    const copy = join(this.#copies, `${this.#ordinal++}`)
    mkdirSync(copy)
    const database = new Sqlite(join(this.directory, `${channel}.db`), { timeout: 30_000 })
    database.exec(`VACUUM INTO '${join(copy, `${channel}.db`)}'`)
    database.close()
    return copy
  }
}
