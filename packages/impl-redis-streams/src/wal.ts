import { type Batch, type WALImpls, type Waits, WalError, type Writer } from '@wal/walimpls'
import { Appender } from './appender.js'
import type { LogLook } from './log-view.js'
import { LIMITS, type LogParts, RedisStreamsReadOnlyWAL } from './read-only-wal.js'
import { missing } from './scanner.js'
import { runScript, textAt } from './scripts/script.js'
import { truncateScript } from './scripts/truncate-script.js'
import { messageIds, type RedisStreamsId } from './stored/message-id.js'

/** How many entries one command frees: enough to keep the server busy for only some milliseconds. */
const TRIM_STEP = 10_000

export class RedisStreamsWAL extends RedisStreamsReadOnlyWAL implements WALImpls<RedisStreamsId> {
  readonly #appender: Appender

  constructor(
    parts: LogParts,
    readonly writer: Writer,
    look: LogLook,
  ) {
    super(parts)
    const { server } = parts
    this.#appender = new Appender({
      calls: server.appendCalls,
      keys: this.keys,
      writer,
      look,
      // Not lower than this process's clock and the server's clock, so that a new writer's ids are above those of writers
      // before it.
      milliseconds: Math.max(server.runtime.now(), look.serverTime),
      publish: server.publish,
      maxRecordBytes: LIMITS.maxRecordBytes,
      bounds: { lifetime: this.lifetime, maxInFlightBatches: this.limits.maxInFlightBatches },
      confirm: server.confirmation(this.keys),
    })
  }

  append(batch: Batch): Promise<readonly RedisStreamsId[]> {
    return this.#appender.append(batch)
  }

  truncate(before: RedisStreamsId, waits?: Waits): Promise<void> {
    return this.lifetime.inTurn(waits, () => this.#truncate(messageIds.serialise(before)))
  }

  protected override mustExist(): boolean {
    return this.#appender.known !== undefined
  }

  protected override async release(): Promise<void> {
    await this.#appender.settled()
    await this.lifetime.settled()
  }

  /** The new beginning is recorded before anything is freed, so that readers get the same answer before, during and after. */
  async #truncate(before: string): Promise<void> {
    const { keys, stream } = this
    const { calls } = this.parts.server
    const args = [before, this.#appender.writerText]
    const doing = `truncating ${keys.stream}`
    const reply = await runScript(calls, truncateScript, { keys, args, doing })
    const word = textAt(reply, 0)
    if (word === 'same') return
    if (word === 'gone') throw missing(stream)
    if (word === 'fenced')
      throw new WalError(
        'WAL_FENCED',
        `${stream}: another writer has taken over. Only that one may truncate.`,
      )
    const kept = textAt(reply, 1)
    for (;;) {
      const freed = await calls.call(doing, (client) =>
        client.xtrim(keys.stream, 'MINID', '~', kept, 'LIMIT', TRIM_STEP),
      )
      if (freed === 0) break
    }
    await calls.call(doing, (client) => client.xtrim(keys.stream, 'MINID', '=', kept))
  }
}
