import {
  type BuildWaits,
  type OpenerBuilderImpls,
  type OpenerImpls,
  type Runtime,
  WalError,
} from '@wal/walimpls'
import { abortable } from '@wal/walimpls/helper'

type Options = Readonly<Record<string, unknown>>

/** One user's share of a backend's opener. The opener closes when the last share is released. */
export interface OpenerShare {
  readonly opener: OpenerImpls
  /** Releases the share; further calls do nothing. Releasing the last share resolves when the opener has closed. */
  release(): Promise<void>
}

const inUse = new WeakMap<OpenerBuilderImpls, WeakMap<Runtime, Set<SharedOpener>>>()

/**
 * Returns a share of the opener that `builder` makes from these checked options. Calls with equal options on one runtime share
 * one opener, even while it is being built. The build is given up when no caller waits for it any more.
 */
export function shareOpener(
  builder: OpenerBuilderImpls,
  options: Options,
  { runtime, waits }: { readonly runtime: Runtime; readonly waits: BuildWaits },
): Promise<OpenerShare> {
  const resolved = (builder.resolveOptions?.(options) as Options | undefined) ?? options
  const openers = openersOf(builder, runtime)
  const present = [...openers].find((each) => sameOptions(each.options, resolved))
  return (present ?? new SharedOpener(builder, { options: resolved, runtime, openers })).share(waits)
}

/** Whether two options objects are equal. Lists are compared item by item; clients and callbacks have to be the same object. */
function sameOptions(one: Options, other: Options): boolean {
  const names = Object.keys(one)
  return (
    names.length === Object.keys(other).length &&
    names.every((name) => Object.hasOwn(other, name) && sameValue(one[name], other[name]))
  )
}

function sameValue(one: unknown, other: unknown): boolean {
  if (!Array.isArray(one) || !Array.isArray(other)) return Object.is(one, other)
  return one.length === other.length && one.every((item, i) => Object.is(item, other[i]))
}

function openersOf(builder: OpenerBuilderImpls, runtime: Runtime): Set<SharedOpener> {
  const runtimes = inUse.get(builder) ?? new WeakMap<Runtime, Set<SharedOpener>>()
  inUse.set(builder, runtimes)
  const openers = runtimes.get(runtime) ?? new Set()
  runtimes.set(runtime, openers)
  return openers
}

class SharedOpener {
  readonly options: Options
  readonly #openers: Set<SharedOpener>
  readonly #abandoned = new AbortController()
  readonly #building: Promise<OpenerImpls>
  #shares = 0
  /** The last failure while the build is still trying to connect. */
  #failure: { readonly error: unknown } | undefined
  readonly #failureListeners = new Set<(error: unknown) => void>()

  constructor(
    builder: OpenerBuilderImpls,
    parts: { readonly options: Options; readonly runtime: Runtime; readonly openers: Set<SharedOpener> },
  ) {
    const { options, runtime, openers } = parts
    this.options = options
    this.#openers = openers
    openers.add(this)
    this.#building = this.#build(builder, runtime)
  }

  async share({ signal, failed }: BuildWaits): Promise<OpenerShare> {
    this.#shares++
    if (failed !== undefined) this.#failureListeners.add(failed)
    if (this.#failure !== undefined) failed?.(this.#failure.error)
    let released: Promise<void> | undefined
    const release = () => {
      released ??= this.#releaseShare()
      return released
    }
    try {
      return { opener: await abortable(this.#building, signal), release }
    } catch (error) {
      // The caller has given up and never had the opener. So the caller neither waits for its close nor gets the error of its
      // close.
      release().catch(() => {})
      throw error
    } finally {
      if (failed !== undefined) this.#failureListeners.delete(failed)
    }
  }

  /** A failed build rejects for every caller that waits. When the last of them is gone the next caller builds again. */
  async #build(builder: OpenerBuilderImpls, runtime: Runtime): Promise<OpenerImpls> {
    const failed = (error: unknown) => {
      this.#failure = { error }
      for (const listener of this.#failureListeners) listener(error)
    }
    const opener = await builder.build(this.options, runtime, { signal: this.#abandoned.signal, failed })
    this.#failure = undefined
    return opener
  }

  async #releaseShare(): Promise<void> {
    if (--this.#shares > 0) return
    this.#openers.delete(this)
    this.#abandoned.abort(new WalError('WAL_CLOSED', 'every caller that waited for this client has given up'))
    const opener = await this.#building.catch(() => undefined)
    await opener?.close()
  }
}
