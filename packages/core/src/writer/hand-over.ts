import { deferred, onAbort } from '@wal/walimpls/helper'

export interface HandOver<T> {
  /** What was made, or the signal's reason if that came first. */
  readonly given: Promise<T>
  /** Settles when the making has ended and what nobody took is released; rejects if `release` does. */
  readonly ended: Promise<void>
}

/**
 * Gives what is being made to who waits for it. Once the signal aborts nobody waits: what is made all the same goes to
 * `release`. Each thing made goes to one of the two, never to both.
 */
export function handOver<T>(
  making: Promise<T>,
  signal: AbortSignal,
  release: (made: T) => Promise<void>,
): HandOver<T> {
  const { promise: ended, resolve: resolveEnded } = deferred()
  const given = new Promise<T>((resolve, reject) => {
    let abandoned = false
    const stop = onAbort(signal, (reason) => {
      abandoned = true
      reject(reason)
    })
    making.then(
      (made) => {
        stop()
        if (!abandoned) resolve(made)
        resolveEnded(abandoned ? release(made) : undefined)
      },
      (error: unknown) => {
        stop()
        reject(error)
        resolveEnded(undefined)
      },
    )
  })
  return { given, ended }
}
