import type { Runtime } from '@wal/walimpls'
import { CallFailure, endsWithin, hostText, parseHosts } from '@wal/walimpls/helper'
import type { FullPulsarOptions } from '../driver/options.js'
import type {
  Addon,
  AddonClient,
  AddonProducer,
  AddonReader,
  ClientConfig,
  ProducerConfig,
  ReaderConfig,
} from './addon.js'
import { addonError } from './addon-error.js'

export interface NativeParts {
  readonly addon: Addon
  readonly options: FullPulsarOptions
  readonly runtime: Runtime
}

/** Only errors are logged: the client prints to the console what it logs. */
const LOG_ERRORS = 3

/**
 * Clients that the garbage collector must not take: a client whose object is collected is destroyed while it works. Each stays here
 * until its close has settled.
 */
const held = new Set<AddonClient>()

/**
 * The first client of each addon, which is kept as long as the addon. The logger of the whole process reads the level out of that
 * client's memory, also when the client was closed long ago.
 */
const first = new WeakMap<Addon, AddonClient>()

/** A native client for one producer or one reader. */
export class NativeClient {
  readonly #parts: NativeParts
  readonly #client: AddonClient
  #closing: Promise<void> | undefined

  private constructor(parts: NativeParts, client: AddonClient) {
    this.#parts = parts
    this.#client = client
  }

  /** Makes a client, which connects with its first producer or reader. */
  static async open(parts: NativeParts): Promise<NativeClient> {
    const { addon } = parts
    const config = configOf(parts, await tokenOf(parts))
    const client = new addon.Client(config)
    held.add(client)
    if (!first.has(addon)) first.set(addon, client)
    return new NativeClient(parts, client)
  }

  producer(config: ProducerConfig): Promise<AddonProducer> {
    return answered(this.#parts, () => this.#client.createProducer(config))
  }

  reader(config: ReaderConfig): Promise<AddonReader> {
    return answered(this.#parts, () => this.#client.createReader(config))
  }

  /** Closes the client with all that it has. Resolves in time, also while the broker does not answer. Never rejects. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const { runtime, options } = this.#parts
    const closed = this.#client.close().catch(() => {})
    void closed.then(() => held.delete(this.#client))
    await endsWithin(runtime, options.requestTimeoutMs, closed)
  }
}

/**
 * Calls the addon. Rejects with a `CallFailure` when no answer comes in time: the time limits of the native client itself do not
 * always act. A producer or reader that comes later is closed with its client.
 */
export function answered<T>(parts: NativeParts, call: () => Promise<T>): Promise<T> {
  const { runtime, options } = parts
  const { requestTimeoutMs } = options
  return new Promise<T>((resolve, reject) => {
    const timer = runtime.setTimeout(
      () => reject(new CallFailure(`no answer within ${requestTimeoutMs} ms`)),
      requestTimeoutMs,
    )
    const failed = (error: unknown) => {
      timer.clear()
      reject(addonError(error))
    }
    try {
      call().then((value) => {
        timer.clear()
        resolve(value)
      }, failed)
    } catch (error) {
      failed(error)
    }
  })
}

/** A new object for each client: the package writes into the one that it is given. */
function configOf({ addon, options }: NativeParts, token: string | undefined): ClientConfig {
  const { tls, requestTimeoutMs } = options
  const hosts = parseHosts(options.hosts, tls ? 6651 : 6650).map(hostText)
  const config: ClientConfig = {
    serviceUrl: `${tls ? 'pulsar+ssl' : 'pulsar'}://${hosts.join(',')}`,
    operationTimeoutSeconds: Math.ceil(requestTimeoutMs / 1_000),
    connectionTimeoutMs: requestTimeoutMs,
    statsIntervalInSeconds: 0,
    tlsValidateHostname: true,
    tlsAllowInsecureConnection: false,
    logLevel: LOG_ERRORS,
  }
  if (token !== undefined) config.authentication = new addon.AuthenticationToken({ token })
  return config
}

/**
 * The token itself, also when the application gives a function. The addon holds a function until its memory is collected, which
 * keeps the process alive, and one that fails leaves a thread waiting forever.
 */
async function tokenOf(parts: NativeParts): Promise<string | undefined> {
  const { token, tokenSupplier } = parts.options
  return tokenSupplier === undefined ? token : await answered(parts, async () => tokenSupplier())
}
