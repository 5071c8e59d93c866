/**
 * Calls back once when the signal aborts, at once if it has aborted already. The returned function cancels the call. However
 * many callers wait on one signal, the signal carries a single listener, and none after the last caller has left. So Node
 * prints no MaxListenersExceededWarning, and the signal keeps nothing alive (G14).
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

/**
 * Settles as the promise does, or rejects with `signal.reason` when the signal aborts first. The work behind the promise goes
 * on.
 */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise
  return new Promise<T>((resolve, reject) => {
    const stop = onAbort(signal, reject)
    promise.then(resolve, reject).finally(stop)
  })
}
