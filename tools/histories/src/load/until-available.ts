import { vi } from 'vitest'

/** Calls again as long as the call rejects because the server can't be reached (`WAL_UNAVAILABLE`). */
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
