const HEAD = ['mutant', 'verdict', 'harness', 'first test to fail', 'time']

/** Aligned columns, for the eye. */
export function table(rows) {
  const lines = [
    HEAD,
    ...rows.map(({ mutant, verdict, by, time }) => [
      mutant.name,
      verdict,
      mutant.harness.replace(/^packages\//, ''),
      by.length > 70 ? `${by.slice(0, 69)}…` : by,
      time,
    ]),
  ]
  const widths = HEAD.map((_, column) => Math.max(...lines.map((line) => line[column].length)))
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
