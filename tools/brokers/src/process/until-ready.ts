import { setTimeout as sleep } from 'node:timers/promises'

export interface ReadinessOptions {
  readonly what: string
  readonly timeoutMs: number
  /** Whether the server has ended, so that waiting for it is pointless. */
  readonly ended: () => boolean
  readonly logs: () => string
}

const pauseMs = 50
const shownLines = 30

/** Asks until the server answers. Rejects with its last lines when it has ended or the time is over. */
export async function untilReady(probe: () => Promise<void>, options: ReadinessOptions): Promise<void> {
  const { what, timeoutMs, ended, logs } = options
  const deadline = performance.now() + timeoutMs
  let refusal: unknown
  for (;;) {
    if (ended()) throw failure(`${what} ended while it was starting`, logs(), refusal)
    try {
      return await probe()
    } catch (error) {
      refusal = error
    }
    if (performance.now() > deadline) {
      throw failure(`${what} was not ready within ${timeoutMs} ms`, logs(), refusal)
    }
    await sleep(pauseMs)
  }
}

function failure(text: string, logs: string, cause: unknown): Error {
  const lines = logs.trimEnd().split('\n').slice(-shownLines)
  const refusal = cause instanceof Error ? `\nIts last refusal: ${cause.message}` : ''
  return new Error(`${text}${refusal}\nIts last lines:\n${lines.join('\n')}`, { cause })
}
