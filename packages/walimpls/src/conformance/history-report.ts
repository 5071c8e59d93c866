import type { Violation } from './history/violation.js'

/** More kinds of broken rules than this say nothing more. */
const MOST_SHOWN = 10

/** A line for each kind of broken rule, with its count and the first case: 64 copies of one are one line. */
export function historyReport(violations: readonly Violation[]): string[] {
  const kinds = new Map<string, { readonly first: Violation; count: number }>()
  for (const violation of violations) {
    // Names and numbers tell cases of one kind apart, and nothing else does.
    const kind = `${violation.rule} ${violation.text.replaceAll(/"[^"]*"|[0-9]+/g, '*')}`
    const known = kinds.get(kind)
    if (known === undefined) kinds.set(kind, { first: violation, count: 1 })
    else known.count++
  }
  return [...kinds.values()].slice(0, MOST_SHOWN).map(({ first: { rule, text, events }, count }) => {
    const times = count === 1 ? 'once' : `${count} times, first`
    return `Rule ${rule} is broken ${times}: ${text} ${JSON.stringify(events)}`
  })
}
