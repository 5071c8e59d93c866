import { figure } from '../report.js'
import { median } from '../runner.js'
import type { Comparison } from './compare-all.js'

/** A Markdown table that compares the working tree with a commit, and lists the cases that only one of them can run. */
export function markdownAgainst(commit: string, { results, onlyHere, onlyThere }: Comparison): string {
  const rows = results.map(({ name, unit, ratios, cpuRatios, here, there }) => {
    const spread = `${Math.min(...ratios).toFixed(3)}–${Math.max(...ratios).toFixed(3)}`
    return `| ${name} | **${median(ratios).toFixed(3)}** (${spread}) | ${median(cpuRatios).toFixed(3)} | ${figure(median(here), unit)} | ${figure(median(there), unit)} |`
  })
  return [
    `The working tree beside commit ${commit}; a ratio over 1 means that the working tree is faster.`,
    '',
    '| case | here ÷ there, median (spread) | by CPU time | here | there |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
    ...onlyHere.map(({ name, reason }) => `Only here: ${name} (there: ${reason})`),
    ...onlyThere.map(({ name, reason }) => `Only there: ${name} (here: ${reason})`),
  ].join('\n')
}
