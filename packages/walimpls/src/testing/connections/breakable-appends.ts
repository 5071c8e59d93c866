import type { Batch } from '../../batch.js'
import { AppendTurns } from '../../helper/append-turns.js'
import type { MessageId } from '../../message/message-id.js'
import { systemRuntime } from '../../runtime/system-runtime.js'
import type { WALImpls } from '../../wal.js'
import { connectionLost, type Link } from './link.js'

/** Sends one batch at a time, so that a break loses at most one batch under way. The batches behind it are refused unsent. */
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
    // The request is lost on its way to the server. The driver cannot know that, so the outcome is unknown.
    if (link.breaks !== breaks) throw connectionLost()
    const ids = await this.#log.append(batch)
    await systemRuntime.yield()
    // The batch is stored and the answer is lost.
    if (link.breaks !== breaks) throw connectionLost()
    return ids
  }
}
