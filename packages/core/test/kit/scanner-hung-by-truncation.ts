import { runConformance } from '@wal/conformance'
import { openWal } from '../../src/index.js'
import { brokenBuilder, replacing } from '../broken-backends/broken-builder.js'

/** Runs the part `truncate` on a backend whose scanners hang after the log was truncated. */
const truncated = new Set<string>()
const silent = new Set<() => void>()
const builder = brokenBuilder({
  opener: (opener) => ({
    async close() {
      await opener.close()
      for (const end of silent) end()
    },
  }),
  writer: (wal) => ({
    async truncate(before, waits) {
      await wal.truncate(before, waits)
      truncated.add(wal.channel)
    },
    read(options) {
      const scanner = wal.read(options)
      const closed = new Promise<undefined>((resolve) => silent.add(() => resolve(undefined)))
      return replacing(scanner, {
        next: () => (truncated.has(wal.channel) ? closed : scanner.next()),
      })
    },
  }),
})

const options = { name: 'silent' }
const results = await runConformance({ openWal, builder, options, patienceMs: 300 }, ['truncate'])
for (const { name, error } of results) console.log(`${error === undefined ? 'passed' : 'failed'} ${name}`)
console.log('done')
// The adaptor still waits for its time limits. This program does not test those.
process.exit(0)
