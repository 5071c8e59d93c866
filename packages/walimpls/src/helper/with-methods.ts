/** The same object with some of its methods replaced. */
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
