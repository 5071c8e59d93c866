import { type Batch, type DriverChoice, type Runtime, type Waits, WalError } from '@wal/walimpls'
import { notWritten } from '@wal/walimpls/helper'
import type { FullPulsarOptions } from '../driver/options.js'
import type {
  Cursor,
  CursorOptions,
  EntryProducer,
  EntryReader,
  PreparedEntry,
  ProducerOptions,
  PulsarDriver,
  ReaderOptions,
} from '../driver/pulsar-driver.js'
import { encodeMessages } from '../records/entry-encoder.js'
import { serviceHosts, type Target, targetText } from './address.js'
import { connectSocket, type OpenSocket } from './connect-socket.js'
import { Connection, DEFAULT_MAX_MESSAGE_BYTES } from './connection.js'
import { ConnectionPool } from './connection-pool.js'
import { DamagedPlaces } from './damaged-places.js'
import { Lookup } from './lookup.js'
import { Operations } from './operations.js'
import { ProtocolCursor } from './protocol-cursor.js'
import { ProtocolProducer } from './protocol-producer.js'
import { ProtocolReader } from './protocol-reader.js'
import { Topics } from './topics.js'

export interface ProtocolDriverParts {
  readonly options: FullPulsarOptions
  readonly runtime: Runtime
  readonly choice: DriverChoice
  /** Makes the socket of a connection. Default: TCP, and TLS over it by the options. */
  readonly openSocket?: OpenSocket
}

/** Makes the driver, and connects to one of the hosts. Rejects when none lets the client in. */
export async function openProtocolDriver(parts: ProtocolDriverParts, waits?: Waits): Promise<ProtocolDriver> {
  const driver = new ProtocolDriver(parts)
  try {
    await driver.connect(waits)
    return driver
  } catch (error) {
    await driver.close()
    throw error
  }
}

/** Speaks Pulsar’s binary protocol, without the help of a client library. */
export class ProtocolDriver implements PulsarDriver {
  readonly choice: DriverChoice
  readonly #parts: ProtocolDriverParts
  readonly #operations: Operations
  readonly #pool: ConnectionPool
  readonly #lookup: Lookup
  readonly #topics: Topics
  readonly #damaged = new DamagedPlaces()
  #maxMessageBytes = DEFAULT_MAX_MESSAGE_BYTES

  constructor(parts: ProtocolDriverParts) {
    const { options, runtime, choice } = parts
    this.choice = choice
    this.#parts = parts
    this.#operations = new Operations(runtime, options.requestTimeoutMs)
    const hosts = serviceHosts(options.hosts, options.tls)
    this.#pool = new ConnectionPool({
      runtime,
      // So that the last host is tried within the time of a call, too.
      timeoutMs: options.requestTimeoutMs / hosts.length,
      connect: (target, signal) => this.#connect(target, signal),
    })
    this.#lookup = new Lookup({ pool: this.#pool, hosts, tls: options.tls, runtime })
    this.#topics = new Topics(this.#lookup)
  }

  get maxMessageBytes(): number {
    return this.#maxMessageBytes
  }

  /** How many connections there are. */
  get connections(): number {
    return this.#pool.size
  }

  /** Connects to one of the hosts, unless there is a connection. */
  async connect(waits?: Waits): Promise<void> {
    await this.#operations.run(waits, (signal) => this.#lookup.anyBroker(signal))
  }

  exists(topic: string, waits?: Waits): Promise<boolean> {
    return this.#operations.run(waits, (signal) => this.#topics.exists(topic, signal))
  }

  list(namespace: string, waits?: Waits): Promise<readonly string[]> {
    return this.#operations.run(waits, (signal) => this.#topics.list(namespace, signal))
  }

  cursor(topic: string, { make }: CursorOptions): Promise<Cursor> {
    const operations = this.#operations
    const { subscription } = this.#parts.options
    const parts = { operations, lookup: this.#lookup, topic, subscription }
    return operations.run(undefined, async (signal) => {
      const existed = await this.#topics.exists(topic, signal)
      return await ProtocolCursor.open(parts, { make, existed }, signal)
    })
  }

  prepare(batch: Batch, name: string): PreparedEntry {
    const encoded = encodeMessages(batch, { producer: name })
    const { count, bytes } = encoded
    const { maxMessageBytes } = this
    if (bytes <= maxMessageBytes) return encoded
    throw notWritten(
      'WAL_MESSAGE_TOO_LARGE',
      `A batch of ${count} records takes ${bytes} bytes as an entry of Pulsar, and the broker takes ${maxMessageBytes}.`,
    )
  }

  producer(topic: string, options: ProducerOptions): Promise<EntryProducer> {
    const { runtime } = this.#parts
    return ProtocolProducer.open(
      { runtime, operations: this.#operations, lookup: this.#lookup, topic },
      options,
    )
  }

  reader(topic: string, options: ReaderOptions): Promise<EntryReader> {
    const { runtime } = this.#parts
    const shared = { operations: this.#operations, lookup: this.#lookup, damaged: this.#damaged }
    return ProtocolReader.open({ runtime, ...shared, topic }, options)
  }

  async close(): Promise<void> {
    const why = new WalError('WAL_CLOSED', 'The connections to Pulsar are closed.')
    this.#operations.close(why)
    await this.#pool.close(why)
  }

  async #connect(target: Target, signal: AbortSignal): Promise<Connection> {
    const { options, runtime, openSocket = connectSocket } = this.#parts
    const tls = options.tls ? (options.tlsOptions ?? {}) : undefined
    const socket = await openSocket({ host: target.host, tls }, signal)
    const connection = await Connection.logIn(
      {
        ...{ socket, address: targetText(target), runtime },
        ...{ keepAliveMs: options.keepAliveMs, answerMs: options.requestTimeoutMs },
        token: async () => (await options.tokenSupplier?.()) ?? options.token,
      },
      signal,
      target.proxyTo,
    )
    this.#maxMessageBytes = connection.maxMessageBytes
    return connection
  }
}
