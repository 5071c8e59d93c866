import { vi } from 'vitest'

/** Repeats a call as long as it rejects with `WAL_UNAVAILABLE`, since the server cannot be reached. */
export async function untilAvailable<T>(call: () => Promise<T>, timeout: number): Promise<T> {
  const settled = await vi.waitUntil(
    () =>
      call().then(
        (value) => ({ value }),
        (error: { code?: string }) => {
          if (error.code !== 'WAL_UNAVAILABLE') throw error
          return undefined
        },
      ),
    { timeout, interval: 50 },
  )
  return settled.value
}
