import assert from 'node:assert/strict'
import { test } from 'vitest'
import { markdownAgainst } from './report.js'

test('the table has the median ratio with its spread, and names what one side alone could run', () => {
  const result = {
    name: 'file',
    unit: 'append',
    count: 10,
    here: [900, 1000, 1100],
    there: [1000, 1000, 1000],
    ratios: [0.9, 1, 1.1],
    cpuRatios: [0.99, 1.01, 1.02],
  }
  const table = markdownAgainst('abc', {
    results: [result],
    onlyHere: [{ name: 'new', reason: 'no such method' }],
    onlyThere: [{ name: 'old', reason: 'no such case' }],
  })
  assert.match(table, /beside commit abc/)
  assert.match(
    table,
    /\| file \| \*\*1\.000\*\* \(0\.900–1\.100\) \| 1\.010 \| 1,000 appends\/s \| 1,000 appends\/s \|/,
  )
  assert.match(table, /^Only here: new \(there: no such method\)$/m)
  assert.match(table, /^Only there: old \(here: no such case\)$/m)
})
