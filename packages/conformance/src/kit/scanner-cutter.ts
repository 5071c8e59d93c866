import type { OpenerBuilderImpls, ScannerImpls } from '@wal/walimpls'
import { type Deferred, deferred, withMethods } from '@wal/walimpls/helper'

// biome-ignore lint/suspicious/noExplicitAny: takes every backend.
type AnyBuilder = OpenerBuilderImpls<any, any>

/** A backend whose scanners a test can cut off. After a cut every further scanner waits until the test calls `letGo`. */
export class ScannerCutter {
  readonly builder: AnyBuilder
  readonly #cuts = new Set<() => void>()
  /** Holds back the scanners of the time after a cut, until the test calls `letGo`. */
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

  /** Every open scanner rejects, as when its connection is reset. */
  cut(): void {
    this.#held = deferred()
    for (const cut of [...this.#cuts]) cut()
    this.#cuts.clear()
  }

  /** Lets the scanners that were opened since the cut read. */
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
