import { test } from 'node:test'
import { conformanceTests } from '@wal/conformance'
import { openWal } from '../../src/index.js'
import { brokenBuilder } from '../broken-backends/broken-builder.js'

/**
 * The kit over a backend that holds a connection open, as one of a server does, and whose second writer takes longer to
 * open than the kit waits.
 */
const inner = brokenBuilder({
  opener: (opener) => ({
    async open(channel, writer, waits) {
      if (writer.term > 0) await new Promise((resolve) => setTimeout(resolve, 3000))
      return opener.open(channel, writer, waits)
    },
  }),
})

const builder: typeof inner = {
  ...inner,
  async build(...given) {
    const opener = await inner.build(...given)
    const connection = setInterval(() => {}, 1000)
    return {
      openReadOnly: (...more) => opener.openReadOnly(...more),
      open: (...more) => opener.open(...more),
      list: async () => [],
      delete: async () => {},
      async close() {
        clearInterval(connection)
        await opener.close()
      },
    }
  },
}

conformanceTests({ test, openWal, builder, options: { name: 'slow' }, patienceMs: 2000, seed: 1 })
