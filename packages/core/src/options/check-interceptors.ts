import { invalidArgument } from '@wal/walimpls'
import type { Interceptor } from '../api/interceptor.js'

const CAPABILITIES = ['ready', 'gracefulClose', 'close'] as const

/**
 * Throws `WAL_INVALID_ARGUMENT` for what is not a list of interceptors, or functions that build one. Without this check a
 * method that is missing would be noticed at the first append that needs it.
 */
export function checkInterceptors(given: unknown, what: string): void {
  if (!Array.isArray(given))
    throw invalidArgument(`The ${what} must be a list of interceptors, or functions that build them`, given)
  given.forEach((one, i) => {
    if (typeof one !== 'function') checkInterceptor(one, `Interceptor ${i} in the ${what}`)
  })
}

export function checkInterceptor(one: unknown, what: string): asserts one is Interceptor {
  const given = one as Interceptor | undefined | null
  if (typeof given?.append !== 'function')
    throw invalidArgument(
      `${what} must be an object with a method "append", or a function that builds one`,
      one,
    )
  if (typeof given.name !== 'string' || given.name === '')
    throw invalidArgument(`${what} needs a name, a text that is not empty`, given.name)
  if (given.place !== undefined && given.place !== 'outer' && given.place !== 'inner')
    throw invalidArgument(`${what} has a place that is neither "outer" nor "inner"`, given.place)
  for (const name of CAPABILITIES)
    if (given[name] !== undefined && typeof given[name] !== 'function')
      throw invalidArgument(`${what} has a "${name}" that is no function`, given[name])
}
