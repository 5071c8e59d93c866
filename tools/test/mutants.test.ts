import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { mutants } from '../mutants/list.mjs'
import { mutate } from '../mutants/mutate.mjs'
import { readReport } from '../mutants/run-harness.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))

describe('every mutant fits the sources as they are', () => {
  test.each(mutants.map((mutant) => [mutant.name, mutant] as const))('%s', (_, mutant) => {
    const text = readFileSync(join(root, mutant.file), 'utf8')
    expect(mutate(text, mutant)).not.toBe(text)
    expect(existsSync(join(root, mutant.harness)), `${mutant.harness} is missing`).toBe(true)
  })
  test('no two mutants have the same name', () => {
    const names = mutants.map(({ name }) => name)
    expect(names).toEqual([...new Set(names)])
  })
})

test('a mutant whose text is missing in its file, or stands there twice, is refused', () => {
  const mutant = { name: 'm', file: 'f.ts', find: 'await sync()', replace: '', harness: 'f.test.ts' }
  expect(mutate('a; await sync(); b', mutant)).toBe('a; ; b')
  expect(() => mutate('a; b', mutant)).toThrow('stands 0 times in f.ts')
  expect(() => mutate('await sync(); await sync()', mutant)).toThrow('stands 2 times in f.ts')
})

describe('the result of a test file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'wal-harness-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'report.json')
  const report = (numTotalTests: number, ...statuses: string[]) => {
    const assertionResults = statuses.map((status) => ({ status, title: `the ${status} one` }))
    writeFileSync(file, JSON.stringify({ numTotalTests, testResults: [{ assertionResults }] }))
    return file
  }
  test('a failed test is red, and is named', () => {
    expect(readReport(report(2, 'passed', 'failed'), 1)).toEqual({ result: 'red', by: 'the failed one' })
  })
  test('an unhandled error is red', () => {
    expect(readReport(report(1, 'passed'), 1)).toMatchObject({ result: 'red' })
  })
  test('all passed is green', () => {
    expect(readReport(report(1, 'passed'), 0)).toMatchObject({ result: 'green' })
  })
  test('a file that could not be loaded is broken', () => {
    expect(readReport(report(0), 1)).toMatchObject({ result: 'broken' })
    expect(readReport(join(folder, 'absent.json'), 1)).toMatchObject({ result: 'broken' })
  })
})
