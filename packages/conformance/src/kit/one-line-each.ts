/** At most this many lines are printed: more kinds of failures would tell a reader nothing new. */
const MOST_SHOWN = 10

export interface FailureLines<T> {
  /** The text by which failures are grouped: failures with the same text share one printed line. */
  readonly kindOf: (failure: T) => string
  /** The printed line of a group of failures. `times` is "once", or for example "64 times, first". */
  readonly shown: (first: T, times: string) => string
}

/**
 * One line for each group of failures, with their number and the first of them: 64 records that break one rule give one line.
 */
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

/** The text with "*" for each quoted name and each number, so that failures which differ only in these are one group. */
export function withoutNames(text: string): string {
  return text.replaceAll(/"[^"]*"|[0-9]+/g, '*')
}
