import type { StoredMessage } from '@wal/walimpls'
import type { RedisCalls } from './client/redis-calls.js'
import type { LogEnds } from './continuity.js'
import { lookScript } from './scripts/look-script.js'
import { pageScript } from './scripts/page-script.js'
import { runScript, type ScriptReply, textAt } from './scripts/script.js'
import { damagedField } from './stored/damaged-state.js'
import { type Entry, EntryDecoder } from './stored/entry-decoder.js'
import type { LogKeys } from './stored/log-keys.js'
import { messageIds, type RedisStreamsId } from './stored/message-id.js'

/** What the server has of a log at one moment. */
export interface LogLook extends LogEnds {
  /** Whether the stream exists. */
  readonly exists: boolean
  /**
   * The writer that holds the fence, as "term incarnation"; empty when there is none. `base` is the milliseconds part of that
   * writer's ids.
   */
  readonly writer: string
  readonly base: number | undefined
  /** The server's clock, in milliseconds since 1970. */
  readonly serverTime: number
  readonly lastMessage: StoredMessage<RedisStreamsId> | undefined
}

export interface LogPage extends LogEnds {
  readonly entries: readonly Entry[]
  /** Whether the page ends with the last entry of the stream. */
  readonly ended: boolean
}

/** Reads one log, and changes nothing on the server. */
export class LogView {
  readonly #decoder: EntryDecoder
  readonly #calls: RedisCalls

  constructor(
    calls: RedisCalls,
    readonly keys: LogKeys,
  ) {
    this.#calls = calls
    this.#decoder = new EntryDecoder(keys.stream)
  }

  async look(): Promise<LogLook> {
    const reply = await runScript(this.#calls, lookScript, {
      keys: this.keys,
      args: [],
      doing: `looking at ${this.keys.stream}`,
    })
    return {
      exists: Number(reply[0]) === 1,
      writer: textAt(reply, 1),
      base: this.#baseAt(reply, 2),
      last: this.#idAt(reply, 3, 'last'),
      oldest: this.#idAt(reply, 4, 'oldest'),
      below: this.#idAt(reply, 5, 'below'),
      serverTime: Number(textAt(reply, 6)),
      lastMessage: this.#decoder.decode(reply[7] as Buffer)[0]?.message,
    }
  }

  /**
   * The entries from `from` on (an argument of XRANGE) until they reach about `bytes` bytes. Undefined when the stream does not
   * exist.
   */
  async page(from: string, bytes: number): Promise<LogPage | undefined> {
    const reply = await runScript(this.#calls, pageScript, {
      keys: this.keys,
      args: [from, bytes],
      doing: `reading ${this.keys.stream}`,
    })
    if (textAt(reply, 0) === 'gone') return undefined
    const pieces = reply.slice(4) as Buffer[]
    return {
      last: this.#idAt(reply, 0, 'last'),
      oldest: this.#idAt(reply, 1, 'oldest'),
      below: this.#idAt(reply, 2, 'below'),
      ended: Number(reply[3]) === 1,
      entries:
        pieces.length === 1
          ? this.#decoder.decode(pieces[0] as Buffer)
          : pieces.flatMap((piece) => this.#decoder.decode(piece)),
    }
  }

  /** An id in the log's state. Throws `WAL_CORRUPT` for a value that is no id: another program changed the state. */
  #idAt(reply: ScriptReply, index: number, field: string): RedisStreamsId | undefined {
    const text = textAt(reply, index)
    const id = messageIds.read(text)
    if (id === undefined && text !== '') throw damagedField(this.keys, field, text)
    return id
  }

  #baseAt(reply: ScriptReply, index: number): number | undefined {
    const text = textAt(reply, index)
    if (text === '') return undefined
    if (!/^[0-9]{1,16}$/.test(text)) throw damagedField(this.keys, 'base', text)
    return Number(text)
  }
}
