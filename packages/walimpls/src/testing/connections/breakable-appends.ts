import { AppendTurns } from '../../helper/append-turns.js'
import type { MessageId } from '../../message/message-id.js'
import { systemRuntime } from '../../runtime/system-runtime.js'
import type { Batch, WALImpls } from '../../wal.js'
import { connectionLost, type Link } from './link.js'

/** Sends one batch after another, so that at most one is lost on its way; those behind it are turned away unsent. */
export class BreakableAppends {
  readonly #turns = new AppendTurns()
  readonly #log: WALImpls
  readonly #link: Link

  constructor(log: WALImpls, link: Link) {
    this.#log = log
    this.#link = link
  }

  append(batch: Batch): Promise<readonly MessageId[]> {
    return this.#turns.run(() => this.#send(batch))
  }

  async #send(batch: Batch): Promise<readonly MessageId[]> {
    const link = this.#link
    link.assertUp()
    const { breaks } = link
    await systemRuntime.yield()
    // It never got there. The driver can't know.
    if (link.breaks !== breaks) throw connectionLost()
    const ids = await this.#log.append(batch)
    await systemRuntime.yield()
    // It is stored, and nobody hears of it.
    if (link.breaks !== breaks) throw connectionLost()
    return ids
  }
}
