import { deferred, onAbort } from '@wal/walimpls/helper'

export interface HandOver<T> {
  /** Resolves to the result; rejects with the signal's reason if the signal aborted before there was one. */
  readonly given: Promise<T>
  /** Resolves when the work has ended and a result that came too late was released. Rejects as `release` does. */
  readonly ended: Promise<void>
}

/**
 * Lets a caller give up waiting for work that cannot be stopped. A result that comes before the signal aborts goes to the
 * caller. A later one goes to `release`. Never does one go to both.
 *
 * Example: a caller gives up an open after 2 s, and the backend answers after 5 s. The caller's promise rejects after 2 s, and
 * the log that nobody needs is closed after 5 s.
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
