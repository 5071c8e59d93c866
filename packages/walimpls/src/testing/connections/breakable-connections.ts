import type { OpenerBuilderImpls } from '../../builder.js'
import { withMethods } from '../../helper/with-methods.js'
import type { OpenerImpls } from '../../opener.js'
import type { ReadOnlyWALImpls, WALImpls } from '../../wal.js'
import { BreakableAppends } from './breakable-appends.js'
import { BreakableScanner } from './breakable-scanner.js'
import { Link } from './link.js'

// biome-ignore lint/suspicious/noExplicitAny: wraps builders of every option and id type.
type AnyBuilder = OpenerBuilderImpls<any, any>

/**
 * Puts connections that a test can break between a backend in this process and its users. They behave as a driver and a server
 * do when the network fails. A request takes one turn of the event loop to arrive and one to be answered. When the connections
 * break, every request under way fails, whether it had arrived or not, and every scanner ends.
 */
export class BreakableConnections {
  readonly #link = new Link()

  /** The same backend behind such connections. */
  over(inner: AnyBuilder): AnyBuilder {
    return withMethods<AnyBuilder>(inner, {
      build: async (...given) => this.#opener(await inner.build(...given)),
    })
  }

  /** Breaks every connection at once. */
  disturb(): void {
    this.#link.disturb()
  }

  /** Breaks every connection and accepts none for some milliseconds. Stored records are there afterwards. */
  crash(): Promise<void> {
    return this.#link.crash()
  }

  #opener(opener: OpenerImpls): OpenerImpls {
    const link = this.#link
    const { list, delete: remove } = opener
    return withMethods(opener, {
      openReadOnly: async (...given) => this.#log(await link.request(() => opener.openReadOnly(...given))),
      open: async (...given) => this.#writer(await link.request(() => opener.open(...given))),
      ...(list && {
        list: (...given: Parameters<typeof list>) => link.request(() => list.apply(opener, given)),
      }),
      ...(remove && {
        delete: (...given: Parameters<typeof remove>) => link.request(() => remove.apply(opener, given)),
      }),
    })
  }

  #writer(log: WALImpls): WALImpls {
    const appends = new BreakableAppends(log, this.#link)
    return withMethods(this.#log(log), {
      append: (batch) => appends.append(batch),
      truncate: (...given) => this.#link.request(() => log.truncate(...given)),
    })
  }

  #log<L extends ReadOnlyWALImpls>(log: L): L {
    const replaced: Partial<ReadOnlyWALImpls> = {
      last: (...given) => this.#link.request(() => log.last(...given)),
      read: (options) => new BreakableScanner(log.read(options), this.#link),
    }
    return withMethods(log, replaced as Partial<L>)
  }
}
