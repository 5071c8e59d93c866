/** At most this many lines: a reader learns nothing more from further kinds of failures. */
const MOST_SHOWN = 10

export interface FailureLines<T> {
  /** Failures of one kind share a line. */
  readonly kindOf: (failure: T) => string
  /** The line of a kind. `times` is "once", or for example "64 times, first". */
  readonly shown: (first: T, times: string) => string
}

/** One line for each kind of failure, with the count and the first case: 64 copies of one broken rule are one line. */
export function oneLineEach<T>(failures: readonly T[], { kindOf, shown }: FailureLines<T>): string[] {
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

/** The text with "*" for each name in quotes and each number: failures that differ only there are of one kind. */
export function withoutNames(text: string): string {
  return text.replaceAll(/"[^"]*"|[0-9]+/g, '*')
}
