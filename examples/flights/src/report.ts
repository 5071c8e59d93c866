import type { Reading } from './reader.js'
import type { Life } from './writer.js'

export function number(value: number): string {
  return Math.round(value).toLocaleString('en')
}

/** The table that the demo prints at the end: how much was written and read, how fast, and what each kill left in the log. */
export function report(lives: readonly Life[], readings: readonly Reading[]): string {
  const rows = [
    ['', 'records', 'seconds', 'records/s', 'syncs'],
    ...lives.map((life) => {
      const count = life.acked.index - life.durable
      return [
        `writer, term ${life.term}`,
        ...pace(count, life.seconds),
        life.syncs ? number(life.syncs) : '–',
      ]
    }),
    ...readings.map(({ name, count, seconds }) => [name, ...pace(count, seconds), '']),
  ]
  return ['', ...table(rows), '', ...crashes(lives), ''].join('\n')
}

function pace(count: number, seconds: number): string[] {
  return [number(count), seconds.toFixed(2), number(count / seconds)]
}

/** Whether a record was lost or left over by a kill shows only when the next writer opens the log. */
function crashes(lives: readonly Life[]): string[] {
  const standing = lives[0]?.notices ?? []
  return lives.slice(1).flatMap((next, i) => {
    const { acked } = lives[i] as Life
    const notices = next.notices.filter((notice) => !standing.includes(notice))
    return [
      `crash ${i + 1}: record ${number(acked.index)} was the last acknowledged, ${number(next.durable)} the last in the log: ` +
        `none lost, ${number(next.durable - acked.index)} more kept`,
      ...(notices.length > 0 ? notices : ['nothing torn']).map((notice) => `         ${notice}`),
    ]
  })
}

function table(rows: readonly string[][]): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('   ')
      .trimEnd(),
  )
}
