import type { OpenerBuilderImpls, ScannerImpls } from '@wal/walimpls'
import { type Deferred, deferred, withMethods } from '@wal/walimpls/helper'

// biome-ignore lint/suspicious/noExplicitAny: takes every backend.
type AnyBuilder = OpenerBuilderImpls<any, any>

/**
 * A backend whose open scanners a test can make reject. Scanners that are opened after that wait until the test calls `letGo`.
 */
export class ScannerCutter {
  readonly builder: AnyBuilder
  readonly #cuts = new Set<() => void>()
  /** Pending from a call of `cut` to the next call of `letGo`. Scanners that are opened meanwhile wait for it. */
  #held: Deferred | undefined

  constructor(inner: AnyBuilder) {
    this.builder = withMethods<AnyBuilder>(inner, {
      build: async (...given) => {
        const opener = await inner.build(...given)
        return withMethods(opener, {
          openReadOnly: async (...more) => {
            const log = await opener.openReadOnly(...more)
            return withMethods(log, { read: (options) => this.#cuttable(log.read(options)) })
          },
        })
      },
    })
  }

  /** Makes every open scanner reject, as a lost connection does. */
  cut(): void {
    this.#held = deferred()
    for (const cut of [...this.#cuts]) cut()
    this.#cuts.clear()
  }

  /** Lets the scanners read that were opened since the last call of `cut`. */
  letGo(): void {
    this.#held?.resolve()
  }

  #cuttable(inner: ScannerImpls): ScannerImpls {
    const { promise: broken, reject } = deferred<never>()
    broken.catch(() => {})
    const cut = () => reject(new Error('the connection was reset'))
    this.#cuts.add(cut)
    return withMethods(inner, {
      next: async () => {
        await this.#held?.promise
        return Promise.race([inner.next(), broken])
      },
      close: () => {
        this.#cuts.delete(cut)
        return inner.close()
      },
    })
  }
}
