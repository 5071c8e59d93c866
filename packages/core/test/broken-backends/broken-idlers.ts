import type { BrokenBackend } from './broken-backend.js'
import { type Builder, brokenBuilder, replacing, storedLog } from './broken-builder.js'

const SAID_MS = 60_000
const forgetful = { name: 'broken', maxIdleMs: SAID_MS / 2 }

/** A backend whose `limits.maxIdleMs` is a minute. */
const saysAMinute = brokenBuilder({ log: (log) => ({ limits: { ...log.limits, maxIdleMs: SAID_MS } }) })

const byTimer: Builder = {
  ...saysAMinute,
  async build(options, runtime, waits) {
    const opener = await saysAMinute.build(options, runtime, waits)
    return replacing(opener, {
      async open(channel, writer, more) {
        const wal = await opener.open(channel, writer, more)
        const forget = () => storedLog(channel)?.forgetIdleWriter(Number.POSITIVE_INFINITY, 1)
        const timer = runtime.setTimeout(forget, SAID_MS)
        const close = () => {
          timer.clear()
          return wal.close()
        }
        return replacing(wal, { close })
      },
    })
  },
}

export const brokenIdlers: BrokenBackend[] = [
  {
    name: 'forgets an idle writer sooner than it says',
    part: 'idle',
    options: forgetful,
    builder: saysAMinute,
  },
  {
    name: 'forgets an idle writer and does not say so',
    part: 'idle',
    options: forgetful,
    builder: brokenBuilder({ log: ({ limits: { maxIdleMs: _, ...limits } }) => ({ limits }) }),
  },
  {
    name: 'forgets a writer a minute after it opened, whatever it has stored since',
    part: 'idle',
    builder: byTimer,
  },
]
