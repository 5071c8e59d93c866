/**
 * Calls back once when the signal aborts (at once if it has), until the returned function is called. However many
 * callers wait on one signal, it carries a single listener, and none after the last has left: no
 * MaxListenersExceededWarning, nothing kept alive (G14).
 */
export function onAbort(signal: AbortSignal, callback: (reason: unknown) => void): () => void {
  if (signal.aborted) {
    callback(signal.reason)
    return () => {}
  }
  const shared = waiting.get(signal) ?? listen(signal)
  const entry = { callback }
  shared.entries.add(entry)
  return () => {
    if (shared.entries.delete(entry) && shared.entries.size === 0) {
      signal.removeEventListener('abort', shared.listener)
      waiting.delete(signal)
    }
  }
}

interface Shared {
  readonly entries: Set<{ callback: (reason: unknown) => void }>
  readonly listener: () => void
}

const waiting = new WeakMap<AbortSignal, Shared>()

function listen(signal: AbortSignal): Shared {
  const shared: Shared = {
    entries: new Set(),
    listener() {
      waiting.delete(signal)
      for (const { callback } of shared.entries) callback(signal.reason)
      shared.entries.clear()
    },
  }
  waiting.set(signal, shared)
  signal.addEventListener('abort', shared.listener, { once: true })
  return shared
}

/** The promise's outcome, or a rejection with `signal.reason` if that comes first. The work itself goes on. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise
  return new Promise<T>((resolve, reject) => {
    const stop = onAbort(signal, reject)
    promise.then(resolve, reject).finally(stop)
  })
}
