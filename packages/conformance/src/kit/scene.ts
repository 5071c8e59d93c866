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
 * Where one test plays: a channel that nobody had before, and what it opens there. At its end all of that is closed and,
 * where the backend can, the channel is deleted.
 */
export class Scene {
  readonly channel = `conformance-${randomName()}`
  /** What the test waits for, until it is over. */
  readonly waiting = new Waiting()
  readonly #watch: BackendWatch
  readonly #channels: Set<string>
  #used = false
  readonly #closers: Closer[] = []

  constructor(readonly backend: BackendUnderTest) {
    this.#watch = new BackendWatch(backend.builder)
    this.#channels = new Set([this.channel])
  }

  /** The backend, watched: a test that hangs can then say what it asked last, and what it was told. */
  get builder(): BackendUnderTest['builder'] {
    return this.#watch.builder
  }

  /** The backend's options, as given. */
  get options(): Readonly<Record<string, unknown>> {
    const { options, builder } = this.backend
    if (typeof options === 'string') return optionsFromUrl(builder, parseBackendUrl(options))
    return typeof options === 'function' ? options() : options
  }

  /** One for each process that a test plays. */
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

  /** Opens the backend for writing, with an opener of its own, and appends the opening record. */
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

  /** Opens through the adaptor for writing, as a process of its own. */
  async open(options: Partial<AdaptorOptions> = {}): Promise<WriterLog> {
    const wal = await this.backend.openWal(this.#url, { ...this.#adaptorOptions(options), accessMode: 'rw' })
    this.atEnd('closing a writer', () => wal.close())
    return wal
  }

  async openReader(options: Partial<AdaptorOptions> = {}): Promise<ReadOnlyLog> {
    const wal = await this.backend.openWal(this.#url, { ...this.#adaptorOptions(options), accessMode: 'ro' })
    this.atEnd('closing a reader', () => wal.close())
    return wal
  }

  /**
   * In reverse order, all of them. What a test opens after its time was up is closed at once: nobody would close it later,
   * and how that ends is nobody's question any more.
   */
  atEnd(what: string, close: () => Promise<unknown>): void {
    if (this.waiting.signal.aborted) void close().catch(() => {})
    else this.#closers.push({ what, close })
  }

  /** The same, when all that is open has been closed. */
  afterClosing(what: string, work: () => Promise<unknown>): void {
    this.#closers.unshift({ what, close: work })
  }

  /** What is known of why the test takes so long. */
  report(): string {
    return [this.waiting.report(), this.#watch.report()].filter((text) => text !== '').join(' ')
  }

  async end(): Promise<void> {
    this.waiting.end()
    const errors: unknown[] = []
    const attempt = async ({ what, close }: Closer) => {
      try {
        await within(close(), this.patienceMs, `${what} at the end of a test`, () => this.#watch.report())
      } catch (error) {
        errors.push(error)
      }
    }
    for (const closer of this.#closers.splice(0).reverse()) await attempt(closer)
    if (this.backend.builder.traits.delete && this.#used)
      await attempt({ what: `deleting channel ${this.channel}`, close: () => this.#deleteChannels() })
    if (errors.length > 0)
      throw errors.length === 1 ? errors[0] : new AggregateError(errors, 'closing failed')
  }

  /** Those that there are: a test may have made none, or deleted its own. */
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

  /** Channels of this test are called after its own. They are deleted in the end. */
  #mine(channel: string): string {
    this.#used = true
    if (typeof channel === 'string' && channel.startsWith(`${this.channel}-`)) this.#channels.add(channel)
    return channel
  }

  /** Options and all come with the builder; the URL says no more than its name. */
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
