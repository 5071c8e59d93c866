import { AppendError, type Runtime } from '@wal/walimpls'
import { backoffMs, sleep } from '@wal/walimpls/helper'
import type { Interceptor } from '../api/interceptor.js'

const brand = Symbol.for('@wal/redo')

/**
 * An inner interceptor throws this to have the append run again from the lock inwards, after a pause that grows each time. The
 * reason is part of the error text, for the case that the error reaches a caller.
 */
export function redo(reason: string): AppendError {
  const error = new AppendError(
    'WAL_UNAVAILABLE',
    `A check in the admission interceptor asks for this append to be run again: ${reason}`,
    {
      outcome: 'not-written',
    },
  )
  Object.defineProperty(error, brand, { value: true })
  return error
}

export function isRedo(error: unknown): boolean {
  return typeof error === 'object' && error !== null && brand in error
}

/** Runs the interceptors inside it again as long as they throw `redo(…)`, until the wait of the append ends. */
export function redoInterceptor(runtime: Runtime): Interceptor {
  return {
    name: 'redo',
    async append({ message, signal }, next) {
      for (let turn = 1; ; turn++) {
        try {
          return await next(message)
        } catch (error) {
          if (!isRedo(error)) throw error
        }
        await sleep(runtime, backoffMs(runtime, turn, { firstMs: 1, maxMs: 1000 }), signal)
      }
    },
  }
}
