import type { OpenerBuilderImpls } from '../builder.js'
import { parseBackendUrl } from '../helper/backend-url.js'
import { readOptions } from '../helper/option-reader.js'
import { optionsFromUrl } from '../helper/url-options.js'
import type { OpenerImpls } from '../opener.js'
import { systemRuntime } from '../runtime/system-runtime.js'
import type { ScannerImpls, StartPosition } from '../scanner.js'
import type { ReadOnlyWALImpls } from '../wal.js'
import type { AdaptorOptions, ReadOnlyLog, WriterLog } from './adaptor.js'
import { openWriter, randomName, type TestWriter, writerOf } from './batches.js'
import type { BackendUnderTest } from './conformance-options.js'
import { within } from './patience.js'

export const DEFAULT_PATIENCE_MS = 60_000

/** Where one test plays: a channel that nobody had before, and what it opens there, closed at its end. */
export class Scene {
  readonly channel = `conformance-${randomName()}`
  readonly #closers: (() => Promise<unknown>)[] = []

  constructor(readonly backend: BackendUnderTest) {}

  /** The backend's options, as given. */
  get options(): Readonly<Record<string, unknown>> {
    const { options, builder } = this.backend
    if (typeof options === 'string') return optionsFromUrl(builder, parseBackendUrl(options))
    return typeof options === 'function' ? options() : options
  }

  get patienceMs(): number {
    return this.backend.patienceMs ?? DEFAULT_PATIENCE_MS
  }

  async opener(): Promise<OpenerImpls> {
    const { builder } = this.backend
    const checked = readOptions(builder.options, this.options, `backend "${builder.name}"`)
    const opener = await builder.build(checked, systemRuntime)
    this.atEnd(() => opener.close())
    return opener
  }

  /** Opens the backend for writing, with an opener of its own, and appends the opening record. */
  async writer(term: number, channel = this.channel): Promise<TestWriter> {
    return openWriter(await this.opener(), channel, writerOf(term))
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
    this.atEnd(() => wal.close())
    return wal
  }

  async openReader(options: Partial<AdaptorOptions> = {}): Promise<ReadOnlyLog> {
    const wal = await this.backend.openWal(this.#url, { ...this.#adaptorOptions(options), accessMode: 'ro' })
    this.atEnd(() => wal.close())
    return wal
  }

  /** In reverse order, all of them. */
  atEnd(close: () => Promise<unknown>): void {
    this.#closers.push(close)
  }

  async end(): Promise<void> {
    const errors: unknown[] = []
    for (const close of this.#closers.splice(0).reverse()) {
      try {
        await within(close(), this.patienceMs, 'close at the end of a test')
      } catch (error) {
        errors.push(error)
      }
    }
    if (errors.length > 0)
      throw errors.length === 1 ? errors[0] : new AggregateError(errors, 'closing failed')
  }

  /** Options and all come with the builder; the URL says no more than its name. */
  get #url(): string {
    return `${this.backend.builder.name}:`
  }

  #adaptorOptions(options: Partial<AdaptorOptions>): AdaptorOptions {
    return {
      channel: this.channel,
      builder: this.backend.builder as OpenerBuilderImpls,
      backend: this.options,
      // A runtime stands for a process.
      runtime: { ...systemRuntime },
      ...options,
    }
  }
}
