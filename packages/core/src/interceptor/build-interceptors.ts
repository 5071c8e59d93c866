import type { Interceptor, InterceptorBuilder, InterceptorContext } from '../api/interceptor.js'
import { checkInterceptor } from '../options/check-interceptors.js'

/** Calls the builders in order. When one throws, the interceptors built before it are closed, and the error is thrown. */
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
      checkInterceptor(made, `What the interceptor builder ${one.name || i} returned`)
      built.push(made)
    })
    return built
  } catch (error) {
    void Promise.allSettled(built.map(async (one) => one.close?.()))
    throw error
  }
}
