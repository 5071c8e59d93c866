/** One failed test of the kit, on a backend that breaks one promise. */
export interface KitFailure {
  readonly test: string
  readonly text: string
  /** The test failed because its time was up. On a slow machine that may happen before it finds what is wrong. */
  readonly late: boolean
}

export interface KitVerdict {
  readonly part: string
  /** `acks before it stores` */
  readonly backend: string
  /** What the backend failed of the part: at least one. */
  readonly failures: readonly KitFailure[]
}

/** Parts that strike at a workload at full speed. Which of several texts such a test fails with is chance. */
const BY_CHANCE = ['terms', 'takeover', 'faults', 'disturbed', 'crashed']

const HEAD = '| a backend that … | fails the test | with |\n| --- | --- | --- |'

/**
 * The page that shows, for each part of the kit, what it says of backends that break a promise: one failure of each. That is
 * the one on the page as it was, if it came again, since a slow machine may add failures. Otherwise it is the first.
 */
export function kitPage(parts: readonly string[], verdicts: readonly KitVerdict[], before: string): string {
  const lines = before.split('\n')
  const sections = parts.flatMap((part) => {
    const rows = verdicts.filter((verdict) => verdict.part === part).map((verdict) => rowOf(verdict, lines))
    return rows.length === 0 ? [] : [['', `## ${part}`, '', HEAD, ...rows, ''].join('\n')]
  })
  return `${INTRODUCTION}${sections.join('')}`
}

function rowOf({ part, backend, failures }: KitVerdict, before: readonly string[]): string {
  const rows = failures.map(({ test, text, late }) => {
    const beginning = `| ${backend} | ${cell(test)} | `
    const kept = (late || BY_CHANCE.includes(part)) && before.find((line) => line.startsWith(beginning))
    return kept || `${beginning}${cell(text)} |`
  })
  const row = rows.find((each) => before.includes(each)) ?? rows[0]
  if (row === undefined) throw new Error(`The backend that ${backend} failed nothing.`)
  return row
}

const INTRODUCTION = `# What the conformance kit says of broken backends

The kit (\`@wal/conformance\`) is tested with in-memory backends that each break one promise. For each of them this page has a test
that fails, and the text of its error. When the kit fails your backend with such a text, look here for what a backend did that
got the same. [docs/conformance.md](conformance.md) lists the parts and the promises.

"…" stands for what differs from run to run: names of channels, positions, time ticks. Where a test’s time was up ("not done after
… ms."), the text goes on with the calls of the backend that were under way then and with the backend’s last error. The parts
${BY_CHANCE.map((part) => `\`${part}\``).join(', ')} strike at a workload at full speed: there the text is one of several that may come.

Made by a test: \`npx vitest run packages/core/test/broken-backends -u\` writes the page.
`

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}
