import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { test } from 'vitest'
import { type ComparedSide, compareCase, SideFailure } from './compare-case.js'

const bench = { name: 'case', unit: 'append', count: 100, quickCount: 10 }
const options = { rounds: 2, quick: true, scratch: tmpdir(), progress: () => {} }

function recorded(milliseconds: Record<'here' | 'there', number>, fails?: 'here' | 'there') {
  const calls: string[] = []
  const folders: string[] = []
  const start = (side: 'here' | 'there'): ComparedSide => ({
    async prepare(_name, folder) {
      folders.push(folder)
      calls.push(`${side} prepares`)
    },
    async round(count) {
      if (fails === side) throw new Error('too old')
      calls.push(`${side} ${count}`)
      return { wall: milliseconds[side], cpu: 2 }
    },
    async close() {
      calls.push(`${side} closes`)
    },
  })
  return { calls, folders, start }
}

test('both sides warm up, are measured as A B B A, and the other one begins the next round', async () => {
  const { calls, folders, start } = recorded({ here: 5, there: 4 })
  const result = await compareCase(bench, start, options)
  const [one, other] = ['here', 'there']
  const round = (a: unknown, b: unknown) => [
    ...[`${a} prepares`, `${a} 10`, `${b} prepares`, `${b} 10`],
    ...[`${a} 10`, `${b} 10`, `${b} 10`, `${a} 10`, 'here closes', 'there closes'],
  ]
  assert.deepEqual(calls, [...round(one, other), ...round(other, one)])
  assert.deepEqual(result.ratios, [0.8, 0.8])
  assert.deepEqual(result.cpuRatios, [1, 1])
  assert.deepEqual(result.here, [2000, 2000])
  assert.deepEqual(result.there, [2500, 2500])
  assert.equal(new Set(folders).size, 4)
  assert.ok(!folders.some((folder) => existsSync(folder)))
})

test('a side that fails is named, and both are closed', async () => {
  const { calls, start } = recorded({ here: 5, there: 5 }, 'there')
  const failure = await compareCase(bench, start, options).catch((error: unknown) => error)
  assert.ok(failure instanceof SideFailure)
  assert.equal(failure.side, 'there')
  assert.equal(failure.message, 'too old')
  assert.deepEqual(calls.slice(-2), ['here closes', 'there closes'])
})
