import { deferred, onAbort } from '@wal/walimpls/helper'

export interface HandOver<T> {
  /** Resolves to what was made; rejects with the signal's reason if the signal aborted before. */
  readonly given: Promise<T>
  /** Resolves when nothing is being made any more, and what was made too late is released. Rejects as `release` does. */
  readonly ended: Promise<void>
}

/**
 * Lets a caller give up waiting for something that is being made, and can't be stopped. What is made before the signal
 * aborts goes to the caller, what is made after that goes to `release`; never both.
 *
 * Example: a caller gives up an open after 2 s, and the backend answers it after 5 s. The caller gets its own reason at
 * once, and the log that was opened for nobody is closed at 5 s.
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
