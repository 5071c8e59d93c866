import type {
  OpenerBuilderImpls,
  OpenerImpls,
  ReadOnlyWALImpls,
  Runtime,
  ScannerImpls,
  StartPosition,
} from '@wal/walimpls'
import { systemRuntime } from '@wal/walimpls'
import { optionsFromUrl, parseBackendUrl, readOptions } from '@wal/walimpls/helper'
import type { AdaptorOptions, ReadOnlyLog, WriterLog } from './adaptor.js'
import { BackendWatch } from './backend-watch.js'
import { openWriter, randomName, type TestWriter, writerOf } from './batches.js'
import type { BackendUnderTest } from './conformance-options.js'
import { within } from './patience.js'
import { Waiting } from './waiting.js'

export const DEFAULT_PATIENCE_MS = 60_000

interface Closer {
  readonly what: string
  readonly close: () => Promise<unknown>
}

/**
 * Everything that one test works with: a channel with a new random name, and whatever the test opens. When the test ends, all
 * that it opened is closed, and the channel is deleted if the backend can delete.
 */
export class Scene {
  readonly channel = `conformance-${randomName()}`
  /** The conditions that the test waits for. When the test ends, these waits end too. */
  readonly waiting = new Waiting()
  readonly #watch: BackendWatch
  readonly #channels: Set<string>
  #used = false
  readonly #closers: Closer[] = []

  constructor(readonly backend: BackendUnderTest) {
    this.#watch = new BackendWatch(backend.builder)
    this.#channels = new Set([this.channel])
  }

  /**
   * The backend under test. Its calls are recorded, so that the report of a hanging test names the last calls and the last
   * error.
   */
  get builder(): BackendUnderTest['builder'] {
    return this.#watch.builder
  }

  /** The backend's options, from whatever the kit was given: options, a function that makes them, or a URL. */
  get options(): Readonly<Record<string, unknown>> {
    const { options, builder } = this.backend
    if (typeof options === 'string') return optionsFromUrl(builder, parseBackendUrl(options))
    return typeof options === 'function' ? options() : options
  }

  /** A new runtime. A test that plays several processes makes one for each of them. */
  runtime(): Runtime {
    return this.backend.runtime?.() ?? { ...systemRuntime }
  }

  get patienceMs(): number {
    return this.backend.patienceMs ?? DEFAULT_PATIENCE_MS
  }

  async opener(runtime = this.runtime()): Promise<OpenerImpls> {
    this.#used = true
    const { builder } = this
    const checked = readOptions(builder.options, this.options, `backend "${builder.name}"`)
    const opener = await builder.build(checked, runtime)
    this.atEnd('closing an opener', () => opener.close())
    return opener
  }

  /** Opens the backend for writing, with an opener of its own, and appends an opening record. */
  async writer(term: number, channel = this.channel): Promise<TestWriter> {
    return openWriter(await this.opener(), this.#mine(channel), writerOf(term))
  }

  /** Opens the backend for reading, with an opener of its own. */
  async reader(channel = this.channel): Promise<ReadOnlyWALImpls> {
    return (await this.opener()).openReadOnly(channel)
  }

  scan(
    wal: Pick<ReadOnlyWALImpls, 'read'>,
    start: StartPosition,
    options: { readonly maxBytes?: number; readonly signal?: AbortSignal } = {},
  ): ScannerImpls {
    return wal.read({ start, maxBytes: 64 * 1024, ...options })
  }

  /** Opens the channel for writing through `@wal/core`, with a runtime of its own as in a separate process. */
  async open(options: Partial<AdaptorOptions> = {}): Promise<WriterLog> {
    const wal = await this.backend.openWal(this.#url, { ...this.#adaptorOptions(options), accessMode: 'rw' })
    this.atEnd('closing a writer', () => wal.close())
    return wal
  }

  /** Opens the channel read-only through `@wal/core`, with a runtime of its own as in a separate process. */
  async openReader(options: Partial<AdaptorOptions> = {}): Promise<ReadOnlyLog> {
    const wal = await this.backend.openWal(this.#url, { ...this.#adaptorOptions(options), accessMode: 'ro' })
    this.atEnd('closing a reader', () => wal.close())
    return wal
  }

  /**
   * Closes something when the test ends; the last thing opened is closed first. If the test has ended already, because its time
   * was up, the thing is closed at once and a failure of its close is ignored.
   */
  atEnd(what: string, close: () => Promise<unknown>): void {
    if (this.waiting.signal.aborted) void close().catch(() => {})
    else this.#closers.push({ what, close })
  }

  /** Does this work at the end of the test, after everything that the test opened was closed. */
  afterClosing(what: string, work: () => Promise<unknown>): void {
    this.#closers.unshift({ what, close: work })
  }

  /** Sentences about what the test still waits for, for the error of a test whose time is up. */
  report(): string {
    return [this.waiting.report(), this.#watch.report()].filter((text) => text !== '').join(' ')
  }

  async end(): Promise<void> {
    this.waiting.end()
    const errors: unknown[] = []
    const attempt = async ({ what, close }: Closer) => {
      try {
        await within(close(), {
          ms: this.patienceMs,
          what: `${what} at the end of a test`,
          report: () => this.#watch.report(),
        })
      } catch (error) {
        errors.push(error)
      }
    }
    for (const closer of this.#closers.splice(0).reverse()) await attempt(closer)
    if (this.backend.builder.traits.delete && this.#used)
      await attempt({ what: `deleting channel ${this.channel}`, close: () => this.#deleteChannels() })
    if (errors.length > 0)
      throw errors.length === 1
        ? errors[0]
        : new AggregateError(errors, `At the end of a test ${errors.length} things could not be closed.`)
  }

  /** Deletes the test's channels. A missing channel is no error: the test may not have created it, or may have deleted it. */
  async #deleteChannels(): Promise<void> {
    const { builder } = this.backend
    const opener = await builder.build(
      readOptions(builder.options, this.options, builder.name),
      systemRuntime,
    )
    try {
      for (const channel of this.#channels)
        await opener.delete?.(channel).catch((error: { code?: string }) => {
          if (error.code !== 'WAL_CHANNEL_NOT_FOUND') throw error
        })
    } finally {
      await opener.close()
    }
  }

  /** Notes a channel whose name begins with that of the test's own channel, so that the channel is deleted at the end. */
  #mine(channel: string): string {
    this.#used = true
    if (typeof channel === 'string' && channel.startsWith(`${this.channel}-`)) this.#channels.add(channel)
    return channel
  }

  /** A URL with the backend's name and nothing else, since builder and options are passed beside the URL. */
  get #url(): string {
    return `${this.backend.builder.name}:`
  }

  #adaptorOptions(options: Partial<AdaptorOptions>): AdaptorOptions {
    this.#mine(options.channel ?? this.channel)
    return {
      channel: this.channel,
      builder: this.builder as OpenerBuilderImpls,
      backend: this.options,
      runtime: this.runtime(),
      ...options,
    }
  }
}
