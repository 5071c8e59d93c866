import { invalidArgument } from '@wal/walimpls'
import type { Interceptor, InterceptorBuilder, InterceptorContext } from '../api/interceptor.js'

const CAPABILITIES = ['ready', 'gracefulClose', 'close'] as const

/** Calls the builders, in order; when one fails, what was built before is closed and the error thrown. */
export function buildInterceptors(
  given: readonly (Interceptor | InterceptorBuilder)[],
  context: InterceptorContext,
): Interceptor[] {
  const built: Interceptor[] = []
  try {
    given.forEach((one, i) => {
      if (typeof one !== 'function') {
        built.push(one)
        return
      }
      const made = one(context)
      checkInterceptor(made, `what interceptor builder ${one.name || i} returns`)
      built.push(made)
    })
    return built
  } catch (error) {
    void Promise.allSettled(built.map(async (one) => one.close?.()))
    throw error
  }
}

/** Throws `WAL_INVALID_ARGUMENT`: what is code has no spec to check it by, and would fail only when it is called. */
export function checkInterceptors(given: unknown, what: string): void {
  if (!Array.isArray(given))
    throw invalidArgument(`${what} must be a list of interceptors, or builders of them`, given)
  given.forEach((one, i) => {
    if (typeof one !== 'function') checkInterceptor(one, `${what}, number ${i}`)
  })
}

function checkInterceptor(one: unknown, what: string): asserts one is Interceptor {
  const given = one as Interceptor | undefined | null
  if (typeof given?.append !== 'function')
    throw invalidArgument(`${what} must be an object with append, or a function that returns one`, one)
  if (typeof given.name !== 'string' || given.name === '')
    throw invalidArgument(`name of ${what} must be a text that is not empty`, given.name)
  if (given.place !== undefined && given.place !== 'outer' && given.place !== 'inner')
    throw invalidArgument(`place of ${what} must be "outer" or "inner"`, given.place)
  for (const name of CAPABILITIES)
    if (given[name] !== undefined && typeof given[name] !== 'function')
      throw invalidArgument(`${name} of ${what} must be a function, or left out`, given[name])
}
