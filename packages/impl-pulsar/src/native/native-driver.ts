import {
  type Batch,
  type DriverChoice,
  invalidArgument,
  type Runtime,
  type Waits,
  WalError,
} from '@wal/walimpls'
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
import type { Addon } from './addon.js'
import type { NativeParts } from './native-client.js'
import { nativeEntry } from './native-messages.js'
import { type NativeProducer, registerProducer } from './native-producer.js'
import { NativeReader } from './native-reader.js'

export interface NativeDriverParts {
  /** Does what the native client has no call for. The native driver closes it. */
  readonly protocol: PulsarDriver
  readonly addon: Addon
  /** Why this driver was chosen: one sentence. */
  readonly reason: string
}

/**
 * How many readers of a driver read natively. Each has threads and connections of its own. Those beyond read by the other driver,
 * where all share one connection.
 */
const MOST_READERS = 8

/** Warnings for `guarantees`: what the driver keeps less well. */
export const NATIVE_WARNINGS: readonly string[] = [
  'The native driver shows readers no sequence ids: that the broker passed over records is noticed at the next time tick (G8), not at once. driver=protocol notices it at once.',
  'The native client connects again by itself, and what it does in less than 25 ms is not seen: then it sends again what was in flight, and a record may be stored twice, with the acknowledged id that of the second copy. driver=protocol sends nothing again before it has read the log.',
]

/** For `guarantees.fencing`: what holds with this driver. */
export const NATIVE_FENCING =
  'The broker keeps out other producers of the topic. A lost connection that is seen is a lost fence. When the native client connects again unseen, it registers as `Exclusive` with its topic epoch, which the broker refuses when another producer was let in since.'

/**
 * Why these options can't be kept by the native driver: one sentence; undefined when they can. The client takes certificates only
 * as files.
 */
export function nativeRefusal({ tlsOptions }: Pick<FullPulsarOptions, 'tlsOptions'>): string | undefined {
  if (tlsOptions === undefined || Object.keys(tlsOptions).length === 0) return undefined
  return 'The native client takes no certificates from memory, so it can’t keep `tlsOptions`.'
}

/** Speaks to the brokers by `pulsar-client`, and by the other driver for what that has no call for. */
export function openNativeDriver(
  options: FullPulsarOptions,
  runtime: Runtime,
  parts: NativeDriverParts,
): PulsarDriver {
  const refusal = nativeRefusal(options)
  if (refusal !== undefined) throw invalidArgument(`${refusal} Choose driver=protocol`, 'tlsOptions')
  return new NativeDriver({ options, runtime, addon: parts.addon }, parts)
}

class NativeDriver implements PulsarDriver {
  readonly choice: DriverChoice
  /** A property of one byte takes nine, and up to twelve in the list that is carried. */
  readonly bytesForOne = 21
  readonly #parts: NativeParts
  readonly #protocol: PulsarDriver
  readonly #open = new Set<NativeProducer | NativeReader>()
  #readers = 0
  #closed: Promise<void> | undefined

  constructor(parts: NativeParts, { protocol, reason }: NativeDriverParts) {
    this.choice = { name: 'native', reason }
    this.#parts = parts
    this.#protocol = protocol
  }

  get maxMessageBytes(): number {
    return this.#protocol.maxMessageBytes
  }

  exists(topic: string, waits?: Waits): Promise<boolean> {
    return this.#protocol.exists(topic, waits)
  }

  list(namespace: string, waits?: Waits): Promise<readonly string[]> {
    return this.#protocol.list(namespace, waits)
  }

  cursor(topic: string, options: CursorOptions): Promise<Cursor> {
    return this.#protocol.cursor(topic, options)
  }

  prepare(batch: Batch, name: string): PreparedEntry {
    return nativeEntry(batch, name, this.maxMessageBytes)
  }

  async producer(topic: string, options: ProducerOptions): Promise<EntryProducer> {
    this.#checkOpen()
    return this.#keep(await registerProducer(this.#parts, topic, options))
  }

  async reader(topic: string, options: ReaderOptions): Promise<EntryReader> {
    this.#checkOpen()
    const { subscription, whole } = options
    // The native client draws the names of its readers' subscriptions itself, and gives entries out message by message.
    if (subscription !== undefined || whole === true || this.#readers >= MOST_READERS)
      return this.#protocol.reader(topic, options)
    this.#readers++
    const gone = () => this.#readers--
    const opening = NativeReader.open({ ...this.#parts, protocol: this.#protocol, topic }, options)
    opening.then(({ gone: left }) => left.then(gone), gone)
    return this.#keep(await opening)
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    await Promise.allSettled([...this.#open].map((handle) => handle.close()))
    await this.#protocol.close()
  }

  async #keep<T extends NativeProducer | NativeReader>(handle: T): Promise<T> {
    if (this.#closed !== undefined) {
      await handle.close()
      this.#checkOpen()
    }
    this.#open.add(handle)
    void handle.gone.then(() => this.#open.delete(handle))
    return handle
  }

  #checkOpen(): void {
    if (this.#closed !== undefined) throw new WalError('WAL_CLOSED', 'The driver is closed.')
  }
}
