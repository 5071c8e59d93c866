import {
  checkChannelName,
  isChannelName,
  type OpenerImpls,
  type Runtime,
  type Waits,
  WalError,
  type Writer,
} from '@wal/walimpls'
import { Lifetime } from '@wal/walimpls/helper'
import type { Redis } from 'ioredis'
import { type Clients, isCluster, placeOf } from './client/connect.js'
import type { FullRedisStreamsOptions } from './client/options.js'
import { LogView } from './log-view.js'
import { RedisStreamsReadOnlyWAL } from './read-only-wal.js'
import { deleteScript } from './scripts/delete-script.js'
import { runScript, textAt } from './scripts/script.js'
import { Server } from './server.js'
import { channelOf, type LogKeys, logKeys, streamPattern } from './stored/log-keys.js'
import type { RedisStreamsId } from './stored/message-id.js'
import { RedisStreamsWAL } from './wal.js'

/** An opener for the channels under one key prefix of a server, a Sentinel group or a Cluster. */
export class RedisStreamsOpener implements OpenerImpls<RedisStreamsId> {
  readonly #server: Server
  readonly #lifetime: Lifetime

  constructor(clients: Clients, options: FullRedisStreamsOptions, runtime: Runtime) {
    this.#server = new Server(clients, options, runtime)
    this.#lifetime = new Lifetime({ what: 'The opener', release: () => this.#server.close() })
  }

  openReadOnly(channel: string, waits?: Waits): Promise<RedisStreamsReadOnlyWAL> {
    return this.#lifetime.opening(waits, async () => {
      const { exists } = await this.#look(channel)
      if (!exists) throw this.#noChannel(channel)
      return new RedisStreamsReadOnlyWAL({ server: this.#server, channel, opener: this.#lifetime })
    })
  }

  /** Reads the log's state only. The first batch takes the fence. */
  open(channel: string, writer: Writer, waits?: Waits): Promise<RedisStreamsWAL> {
    return this.#lifetime.opening(waits, async () => {
      const look = await this.#look(channel)
      return new RedisStreamsWAL({ server: this.#server, channel, opener: this.#lifetime }, writer, look)
    })
  }

  list(waits?: Waits): Promise<readonly string[]> {
    return this.#lifetime.during(waits, async () => {
      const { client } = this.#server.calls
      const servers = isCluster(client) ? client.nodes('master') : [client]
      // SCAN may return a key more than once.
      const found = new Set<string>()
      for (const server of servers) await this.#scan(server, found)
      return [...found]
    })
  }

  delete(channel: string, waits?: Waits): Promise<void> {
    return this.#lifetime.during(waits, async () => {
      const { calls, publish } = this.#server
      const reply = await runScript(calls, deleteScript, {
        keys: this.#keys(channel),
        args: [publish],
        doing: `deleting ${channel}`,
      })
      if (textAt(reply, 0) === 'gone') throw this.#noChannel(channel)
    })
  }

  close(): Promise<void> {
    return this.#lifetime.close()
  }

  #keys(channel: string): LogKeys {
    checkChannelName(channel)
    return logKeys(this.#server.options.prefix, channel)
  }

  /** Reads the log's state, and the server's settings too, so that `guarantees` are right from the open on. */
  async #look(channel: string) {
    const view = new LogView(this.#server.calls, this.#keys(channel))
    const [look] = await Promise.all([view.look(), this.#server.readSettings()])
    return look
  }

  async #scan(server: Redis, found: Set<string>): Promise<void> {
    const { calls, options } = this.#server
    const pattern = streamPattern(options.prefix)
    let cursor = '0'
    do {
      const at = cursor
      const [next, keys] = await calls.call('listing channels', () =>
        server.scan(at, 'MATCH', pattern, 'COUNT', 1000),
      )
      cursor = next
      for (const key of keys) {
        const channel = channelOf(options.prefix, key)
        if (channel !== undefined && isChannelName(channel)) found.add(channel)
      }
    } while (cursor !== '0')
  }

  #noChannel(channel: string): WalError {
    return new WalError(
      'WAL_CHANNEL_NOT_FOUND',
      `There is no channel "${channel}" in ${placeOf(this.#server.options)}. Opening it for writing makes it.`,
    )
  }
}
