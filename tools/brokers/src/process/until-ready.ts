import { setTimeout as sleep } from 'node:timers/promises'

export interface ReadinessOptions {
  readonly what: string
  readonly timeoutMs: number
  /** Whether the server's process has ended, so that further waiting is pointless. */
  readonly ended: () => boolean
  readonly logs: () => string
}

const pauseMs = 50
const shownLines = 30
/** A line that says why a server ends. What a server prints while it shuts down would hide it. */
const isTrouble = (line: string) => /\b(?:ERROR|FATAL|SEVERE)\b|Exception\b/.test(line)

/**
 * Repeats a request until the server answers. Rejects when the server's process has ended, or after the time limit. The error
 * has the server's last lines of output, and the last ones that tell of trouble.
 */
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
  const lines = logs.trimEnd().split('\n')
  const refusal = cause instanceof Error ? `\nIts last refusal: ${cause.message}` : ''
  const trouble = lines.slice(0, -shownLines).filter(isTrouble).slice(-shownLines)
  const troubled = trouble.length === 0 ? '' : `\nIts last errors:\n${trouble.join('\n')}`
  return new Error(`${text}${refusal}${troubled}\nIts last lines:\n${lines.slice(-shownLines).join('\n')}`, {
    cause,
  })
}
