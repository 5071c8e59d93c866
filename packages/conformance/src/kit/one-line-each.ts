/** More kinds of failures than this say nothing more. */
const MOST_SHOWN = 10

/** A line for each kind of failure, with its count and the first case: 64 copies of one broken rule are one line. */
export function oneLineEach<T>(
  failures: readonly T[],
  kindOf: (failure: T) => string,
  shown: (first: T, times: string) => string,
): string[] {
  const kinds = new Map<string, { readonly first: T; count: number }>()
  for (const failure of failures) {
    const kind = kindOf(failure)
    const known = kinds.get(kind)
    if (known === undefined) kinds.set(kind, { first: failure, count: 1 })
    else known.count++
  }
  return [...kinds.values()]
    .slice(0, MOST_SHOWN)
    .map(({ first, count }) => shown(first, count === 1 ? 'once' : `${count} times, first`))
}

/** Names in quotes and numbers tell cases of one kind apart, and nothing else does. */
export function withoutNames(text: string): string {
  return text.replaceAll(/"[^"]*"|[0-9]+/g, '*')
}
