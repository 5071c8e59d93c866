import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DemoOptions } from './arguments.js'
import { loadBackend, type Place } from './backends.js'
import { DemoFailure } from './demo-failure.js'
import type { Log } from './log.js'

const TIME_LIMIT_S = 300
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const

/** What the demo gets from the stage: the log, and the signal that ends it. */
export interface Stage {
  readonly log: Log
  /**
   * Aborted when the demo has failed, was interrupted, or takes too long. Everything that the demo starts ends with this
   * signal.
   */
  readonly signal: AbortSignal
  /** Watches a promise that is awaited only later: when it rejects, the demo ends at once. */
  watch<T>(work: Promise<T>): Promise<T>
}

/** Runs `play` with a log. However `play` ends, no process, server or folder is left afterwards. */
export async function onStage(options: DemoOptions, play: (stage: Stage) => Promise<void>): Promise<void> {
  const ending = new AbortController()
  const working: Promise<unknown>[] = []
  const watch = <T>(work: Promise<T>): Promise<T> => {
    working.push(work.catch((error: unknown) => ending.abort(error)))
    return work
  }
  const stopListening = onInterruption((error) => ending.abort(error))
  const tooLong = new DemoFailure(
    `not done after ${TIME_LIMIT_S} s; the progress above shows who stands still`,
  )
  const timer = setTimeout(() => ending.abort(tooLong), TIME_LIMIT_S * 1000)

  let place: Required<Place> | undefined
  try {
    place = await openPlace(options)
    const log = {
      backend: options.backend,
      url: place.url,
      channel: `flights-${randomBytes(4).toString('hex')}`,
    }
    await play({ log, signal: ending.signal, watch })
  } catch (error) {
    // After the signal has aborted, the thrown error may only be a consequence. The reason of the abort is the error to show.
    throw ending.signal.aborted ? ending.signal.reason : error
  } finally {
    ending.abort()
    await Promise.all(working)
    await place?.stop()
    clearTimeout(timer)
    stopListening()
  }
}

/**
 * Makes the place of the log: a temporary folder, or a server with its data in one. A log that `--url` names is used, and not
 * removed.
 */
async function openPlace({ backend: name, url, keep }: DemoOptions): Promise<Required<Place>> {
  const backend = await loadBackend(name)
  if (url !== undefined) return { url, stop: async () => {} }
  const folder = await mkdtemp(join(tmpdir(), 'wal-flights-'))
  let place: Place | undefined
  const stop = async () => {
    await place?.stop?.()
    if (keep) console.log(`kept: ${folder}`)
    else await rm(folder, { recursive: true })
  }
  try {
    place = await backend.place(folder)
    return { url: place.url, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Calls back on the first interruption. A second interruption ends the process at once. */
function onInterruption(interrupt: (error: DemoFailure) => void): () => void {
  const listeners = Object.entries(SIGNALS).map(([name, exitCode]) => {
    const listener = () => interrupt(new DemoFailure(`interrupted by ${name}`, exitCode))
    process.once(name, listener)
    return () => process.off(name, listener)
  })
  return () => {
    for (const stop of listeners) stop()
  }
}
