import type { Waits } from '@wal/walimpls'
import { type CloseTree, onAbort } from '@wal/walimpls/helper'
import { closedError } from './closed-error.js'

/** Runs `work` under a signal that aborts when the caller gives up or what `tree` closes is closed; close waits for it. */
export async function whileOpen<T>(
  tree: CloseTree,
  where: string,
  { signal }: Waits,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (tree.closed) throw closedError(where)
  const ending = new AbortController()
  const stopListening = signal === undefined ? undefined : onAbort(signal, (reason) => ending.abort(reason))
  const working = work(ending.signal)
  const leave = tree.add(async () => {
    ending.abort(closedError(where))
    // Its caller learns what became of it.
    await working.catch(() => {})
  })
  try {
    return await working
  } finally {
    stopListening?.()
    leave()
  }
}
