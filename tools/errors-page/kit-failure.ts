import { AssertionError } from 'node:assert'
import { inspect, isDeepStrictEqual, stripVTControlCharacters } from 'node:util'

const LONGEST = 400
const ITEMS = 6

/** What differs from run to run, by what stands in its place. */
const CHANGING: readonly [changing: RegExp, steady: string][] = [
  [/conformance-[a-z0-9]+/g, 'conformance-…'],
  [/wal1:[a-z0-9:+-]+/g, 'wal1:…'],
  [/\b[0-9]{15,}\b/g, '…'],
]

/** A test's time was up. Which calls of the backend were under way then is chance, and stands behind these words. */
const TIME_IS_UP = /^(?:Error: )?(?:\S+: Error: the workload: )?(.*?not done after )[0-9]+ ms\..*$/s

export function isTimeOut(error: unknown): boolean {
  return TIME_IS_UP.test(String(error))
}

/** Since Node 20.19, and differently in later versions, a difference of values follows the text that an assertion was given. */
const DIFFERENCE = /\n(\+ actual - expected|\n.* !== )[\s\S]*$/

/**
 * The text with which a test of the kit fails, made the same for every run. Where two values differ, each Node prints the
 * difference in its own way, so the values stand here instead.
 */
export function kitFailure(error: unknown, test: string): string {
  let text = stripVTControlCharacters(error instanceof Error ? error.message : String(error))
  if (error instanceof AssertionError && /^Expected .*:\n/.test(text)) {
    const [expectation] = text.split(':\n', 1)
    text = `${expectation}: ${difference(error.actual, error.expected)}`
  }
  text = text.replace(DIFFERENCE, '').replace(TIME_IS_UP, '$1… ms. …').replace(/\s+/g, ' ').trim()
  // The text of a test whose time was up begins with the test's own name.
  const named = text.indexOf(`${test}: `)
  if (named >= 0) text = text.slice(named + test.length + 2)
  for (const [changing, steady] of CHANGING) text = text.replace(changing, steady)
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text
}

function difference(actual: unknown, expected: unknown): string {
  if (isLong(actual) && isLong(expected)) {
    const at = actual.findIndex((item, i) => !isDeepStrictEqual(item, expected[i]))
    if (at >= 0) return `at index ${at}, got ${shown(actual[at])}, expected ${shown(expected[at])}`
  }
  return `got ${shown(actual)}, expected ${shown(expected)}`
}

function isLong(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.length > ITEMS
}

function shown(value: unknown): string {
  if (value instanceof Error) return String(value)
  return inspect(value, { depth: 2, breakLength: Infinity, maxArrayLength: ITEMS, maxStringLength: 60 })
}
