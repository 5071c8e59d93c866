type Options = Readonly<Record<string, unknown>>

/** Whether two checked options objects say the same. Lists by their items; clients, callbacks and the like by identity. */
export function sameOptions(one: Options, other: Options): boolean {
  const names = Object.keys(one)
  return (
    names.length === Object.keys(other).length &&
    names.every((name) => Object.hasOwn(other, name) && sameValue(one[name], other[name]))
  )
}

function sameValue(one: unknown, other: unknown): boolean {
  if (!Array.isArray(one) || !Array.isArray(other)) return Object.is(one, other)
  return one.length === other.length && one.every((item, i) => Object.is(item, other[i]))
}
