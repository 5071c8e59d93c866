import { type CaseResult, median } from './runner.js'

/** A Markdown table with the median and the spread of each case's ratio, and the speeds in operations per second. */
export function markdown(results: readonly CaseResult[]): string {
  const rows = results.map((result) => {
    const low = Math.min(...result.ratios).toFixed(2)
    const high = Math.max(...result.ratios).toFixed(2)
    const goal = result.atLeast === undefined ? '–' : `≥ ${result.atLeast}`
    return `| ${result.name} | ${result.peer} | **${median(result.ratios).toFixed(2)}** (${low}–${high}) | ${goal} | ${figure(median(result.ours), result.unit)} | ${figure(median(result.peers), result.unit)} |`
  })
  return [
    '| case | peer | ratio, median (spread) | goal | ours | peer’s |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n')
}

export function figure(perSecond: number, unit: string): string {
  return unit === 'message'
    ? `${(1e9 / perSecond).toFixed(0)} ns a ${unit}`
    : `${Math.round(perSecond).toLocaleString('en')} ${unit}s/s`
}
