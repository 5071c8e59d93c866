import type { OpenerBuilderImpls, OpenerImpls, ReadOnlyWALImpls, ScannerImpls, WALImpls } from '@wal/walimpls'
import { systemRuntime } from '@wal/walimpls'
import { withMethods } from '@wal/walimpls/helper'
import { describeError } from './describe-error.js'

// biome-ignore lint/suspicious/noExplicitAny: takes every backend.
type AnyBuilder = OpenerBuilderImpls<any, any>

interface Call {
  readonly name: string
  readonly since: number
}

/**
 * Records which calls one test makes to the backend. When the test hangs, the report names the calls that have not settled
 * and the last error of the backend.
 */
export class BackendWatch {
  /** The backend under test; calls of its methods are recorded here. */
  readonly builder: AnyBuilder
  readonly #calls = new Set<Call>()
  #last: { readonly call: string; readonly error: unknown; readonly at: number } | undefined

  constructor(inner: AnyBuilder) {
    this.builder = withMethods<AnyBuilder>(inner, {
      build: async (...given) => this.#opener(await this.#call('build', () => inner.build(...given))),
    })
  }

  /** Sentences that name the calls which have not settled, and the backend's last error. */
  report(): string {
    const now = systemRuntime.monotonic()
    const longest = new Map<string, { count: number; readonly ms: number }>()
    // Calls are listed in the order in which they began, so the first call of each name has been under way for the longest
    // time.
    for (const { name, since } of this.#calls) {
      const known = longest.get(name)
      if (known === undefined) longest.set(name, { count: 1, ms: Math.round(now - since) })
      else known.count++
    }
    const calls = [...longest].map(([name, { count, ms }]) =>
      count === 1 ? `${name} (for ${ms} ms)` : `${count} of ${name} (the longest for ${ms} ms)`,
    )
    const under = calls.length === 0 ? [] : [`Calls of the backend under way: ${calls.join(', ')}.`]
    const last = this.#last
    const ago = last === undefined ? 0 : Math.round(now - last.at)
    const error =
      last === undefined
        ? 'The backend has reported no error.'
        : `The backend's last error, from ${last.call} ${ago} ms ago: ${describeError(last.error)}`
    return [...under, error].join(' ')
  }

  #opener(opener: OpenerImpls): OpenerImpls {
    return withMethods(opener, {
      openReadOnly: async (...given) =>
        this.#log(await this.#call('openReadOnly', () => opener.openReadOnly(...given))),
      open: async (...given) => this.#writer(await this.#call('open', () => opener.open(...given))),
      close: () => this.#call('close of an opener', () => opener.close()),
    })
  }

  #writer(log: WALImpls): WALImpls {
    return withMethods(this.#log(log), {
      append: (batch) => this.#call('append', () => log.append(batch)),
      truncate: (...given) => this.#call('truncate', () => log.truncate(...given)),
    })
  }

  #log<L extends ReadOnlyWALImpls>(log: L): L {
    return withMethods(log, {
      last: (...given) => this.#call('last', () => log.last(...given)),
      read: (options) => this.#scanner(log.read(options)),
      close: () => this.#call('close of a log', () => log.close()),
    } as Partial<L>)
  }

  #scanner(scanner: ScannerImpls): ScannerImpls {
    let atEnd = false
    return withMethods(scanner, {
      ready: () => this.#call('ready', () => scanner.ready()),
      next: async () => {
        const batch = await this.#call('next', () => scanner.next())
        // A broken scanner may answer again and again, at once, that it is at the log's end. Without this pause the event loop
        // would get no turn, and the test's time limit would never fire.
        if (batch?.length === 0 && atEnd) await systemRuntime.yield()
        atEnd = batch?.length === 0
        return batch
      },
      close: () => this.#call('close of a scanner', () => scanner.close()),
    })
  }

  /** Makes a call to the backend and records it. A call that throws instead of rejecting still throws. */
  #call<T>(name: string, run: () => Promise<T>): Promise<T> {
    const call = { name, since: systemRuntime.monotonic() }
    const failed = (error: unknown): never => {
      this.#calls.delete(call)
      this.#last = { call: name, error, at: systemRuntime.monotonic() }
      throw error
    }
    this.#calls.add(call)
    let promise: Promise<T>
    try {
      promise = run()
    } catch (error) {
      return failed(error)
    }
    return promise.then((value) => {
      this.#calls.delete(call)
      return value
    }, failed)
  }
}
