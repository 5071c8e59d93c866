import { AppendError, type Runtime } from '@wal/walimpls'
import { sleep } from '@wal/walimpls/helper'
import type { Interceptor } from '../api/interceptor.js'

const brand = Symbol.for('@wal/redo')
const FIRST_PAUSE_MS = 1
const MAX_PAUSE_MS = 1000

/**
 * What an inner interceptor throws to have the append run again from the lock inwards, after a pause that grows. The
 * reason is what the caller reads should it come to that.
 */
export function redo(reason: string): AppendError {
  const error = new AppendError('WAL_UNAVAILABLE', `asked to run the append again: ${reason}`, {
    outcome: 'not-written',
  })
  Object.defineProperty(error, brand, { value: true })
  return error
}

export function isRedo(error: unknown): boolean {
  return typeof error === 'object' && error !== null && brand in error
}

/** Runs what is inside it again while that asks for it, until the append's own wait ends. */
export function redoInterceptor(runtime: Runtime): Interceptor {
  return {
    name: 'redo',
    async append({ message, signal }, next) {
      for (let turn = 0; ; turn++) {
        try {
          return await next(message)
        } catch (error) {
          if (!isRedo(error)) throw error
        }
        const ms = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(turn, 16))
        await sleep(runtime, ms * (0.5 + runtime.random() / 2), signal)
      }
    },
  }
}
