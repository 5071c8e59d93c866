import { invoked, namedRecord, notAcked, written } from '@wal/conformance'
import type { AppendError, AppendResult, WAL } from '@wal/core'
import type { EventBody } from '../../../../packages/conformance/src/history/history-event.js'
import { sharedNanoseconds } from '../../../../packages/conformance/src/processes/merged-history.js'
import type { OldWriterLine } from './old-writer-line.js'

/** So many loops append at the same time, so that appends are in flight when the process is stopped. */
const LOOPS = 8

/** The writer of an older writer's process: it appends until it is fenced, and prints the history of that. */
export class OldWriterProcess {
  readonly #wal: WAL
  readonly #writer: { readonly term: number; readonly incarnation: string }
  #next = 0
  #ended = false

  private constructor(wal: WAL) {
    this.#wal = wal
    this.#writer = { term: wal.channel.term, incarnation: 'older' }
  }

  /** Begins the history of an open log. */
  static async begin(wal: WAL): Promise<OldWriterProcess> {
    const begun = new OldWriterProcess(wal)
    const writer = begun.#writer
    wal.signal.addEventListener('abort', () => void begun.note({ kind: 'fenced', writer }), { once: true })
    await begun.note({ kind: 'opened', writer })
    return begun
  }

  /** Tells the test something. */
  say(line: OldWriterLine): Promise<void> {
    return new Promise((resolve) => process.stdout.write(`${JSON.stringify(line)}\n`, () => resolve()))
  }

  note(event: EventBody, token?: string): Promise<void> {
    return this.say({ event, at: `${sharedNanoseconds()}`, ...(token === undefined ? {} : { token }) })
  }

  /** Appends in several loops until the writer has ended, or so many appends were begun. */
  async work(most = Number.POSITIVE_INFINITY): Promise<void> {
    const loop = async () => {
      while (!this.#ended && this.#next < most) await this.append()
    }
    await Promise.all(Array.from({ length: LOOPS }, loop))
  }

  /** Undefined when the append failed, which ends the writer. */
  async append(): Promise<AppendResult | undefined> {
    const name = `older-${this.#next++}`
    const record = namedRecord(name, 30 + ((this.#next * 37) % 900))
    // Tells of the append before it begins, so that no stored message is without a name in the history.
    await this.note(invoked(name, this.#writer, record))
    try {
      const result = await this.#wal.append(record)
      await this.note(written(name, result))
      return result
    } catch (error) {
      this.#ended = true
      const { code, token } = error as AppendError
      await this.note(notAcked(name, error as Parameters<typeof notAcked>[1]), token)
      await this.say({ ended: code })
      return undefined
    }
  }
}
