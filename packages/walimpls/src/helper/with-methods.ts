/** Wraps an object in a Proxy that replaces some of its methods. The object itself is not changed. */
export function withMethods<T extends object>(target: T, replaced: Partial<T>): T {
  return new Proxy(target, {
    get(inner, key) {
      const mine = (replaced as Record<PropertyKey, unknown>)[key]
      if (mine !== undefined) return mine
      const value = Reflect.get(inner, key)
      return typeof value === 'function' ? value.bind(inner) : value
    },
  })
}
