import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { seededRandom } from '@wal/walimpls/testing'
import Sqlite, { type Database } from 'libsql'

const BYTES_IN_A_TURN = 1024

/**
 * A connection that ended during a request. When `sent` is true, the server may have executed the request, or may still do so.
 */
export class ConnectionLost extends Error {
  constructor(readonly sent: boolean) {
    super(sent ? 'the connection ended under the request' : 'there is no connection')
  }
}

/**
 * SQLite behind a simulated network, as if it were the database of a server. Every request takes time to arrive and to be
 * answered; each connection executes its requests one after another; connections break when a test says so. Transactions, locks
 * and storage are real SQLite.
 */
export class DatabaseServer {
  readonly #random: () => number
  readonly #connections = new Set<Connection>()
  readonly #listeners = new Map<string, Set<() => void>>()
  #down = false

  constructor(seed: number) {
    this.#random = seededRandom(seed)
  }

  async connect(path: string): Promise<Connection> {
    await this.latency()
    if (this.#down) throw new ConnectionLost(false)
    const connection = new Connection(this, path)
    this.#connections.add(connection)
    return connection
  }

  forget(connection: Connection): void {
    this.#connections.delete(connection)
  }

  /** Breaks every connection that is open now. */
  disturb(): void {
    for (const connection of [...this.#connections]) connection.break(this.#random() < 0.5)
  }

  /** Breaks every connection, and accepts no new one for 30 ms. What was committed before is still there afterwards. */
  async crash(): Promise<void> {
    this.#down = true
    this.disturb()
    await new Promise((resolve) => setTimeout(resolve, 30))
    this.#down = false
  }

  /** Calls the present listeners of this database. A listener that is added later does not hear of this notification. */
  notify(path: string): void {
    for (const heard of [...(this.#listeners.get(path) ?? [])]) heard()
  }

  listen(path: string, heard: () => void): () => void {
    const listeners = this.#listeners.get(path) ?? new Set()
    this.#listeners.set(path, listeners)
    listeners.add(heard)
    return () => void listeners.delete(heard)
  }

  /** Waits for one to three turns of the event loop, and for more when the request is large. */
  async latency(bytes = 0): Promise<void> {
    for (let turns = 1 + Math.floor(this.#random() * 3) + bytes / BYTES_IN_A_TURN; turns > 0; turns--)
      await new Promise((resolve) => setImmediate(resolve))
  }

  has(path: string): boolean {
    return existsSync(path)
  }

  list(directory: string): string[] {
    return existsSync(directory) ? readdirSync(directory) : []
  }

  remove(path: string): void {
    for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true })
  }
}

export class Connection {
  readonly #server: DatabaseServer
  readonly #database: Database
  readonly #lost = new Set<(error: ConnectionLost) => void>()
  #arrivals: Promise<void> = Promise.resolve()
  #state: 'open' | 'broken, goes on' | 'broken' | 'closed' = 'open'

  constructor(server: DatabaseServer, path: string) {
    this.#server = server
    mkdirSync(join(path, '..'), { recursive: true })
    this.#database = new Sqlite(path, { timeout: 5000 })
    this.#database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF')
  }

  get open(): boolean {
    return this.#state === 'open'
  }

  /** Makes one request. The server executes `run` in one piece. `bytes` is the size of the data that is sent along. */
  request<T>(run: (database: Database) => T, bytes = 0): Promise<T> {
    if (!this.open) return Promise.reject(new ConnectionLost(false))
    return new Promise<T>((resolve, reject) => {
      this.#lost.add(reject)
      this.#arrivals = this.#arrivals.then(async () => {
        await this.#server.latency(bytes)
        // After a connection broke, a server may still execute requests that were on their way: here only when `goesOn` was
        // set.
        if (this.#state === 'broken' || this.#state === 'closed') return
        const settle = this.#run(run, resolve, reject)
        await this.#server.latency()
        this.#lost.delete(reject)
        settle()
      })
    })
  }

  /**
   * Breaks the connection. With `goesOn` the server still executes the requests that were on their way, though nobody gets the
   * answers.
   */
  break(goesOn: boolean): void {
    if (!this.open) return
    this.#state = goesOn ? 'broken, goes on' : 'broken'
    for (const reject of this.#lost) reject(new ConnectionLost(true))
    this.#lost.clear()
    void this.close()
  }

  async close(): Promise<void> {
    this.#server.forget(this)
    await this.#arrivals
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#database.close()
  }

  #run<T>(
    run: (database: Database) => T,
    resolve: (value: T) => void,
    reject: (error: unknown) => void,
  ): () => void {
    try {
      const value = run(this.#database)
      return () => resolve(value)
    } catch (error) {
      return () => reject(error)
    }
  }
}

export function rows(database: Database, sql: string, ...values: (number | string)[]): unknown[] {
  return database.prepare(sql).raw().all(values)
}
