import assert from 'node:assert/strict'
import { expect, test } from 'vitest'
import { kitFailure } from '../errors-page/kit-failure.js'
import { kitPage } from '../errors-page/kit-page.js'

const verdict = (...failures: { test: string; text: string; late: boolean }[]) => [
  { part: 'close', backend: 'sleeps', failures },
]
const first = { test: 'a close', text: 'it is asleep', late: false }
const second = { test: 'a second close', text: 'it is still asleep', late: false }
const page = (before: string, ...failures: (typeof first)[]) =>
  kitPage(['close'], verdict(...failures), before)

test('the page of the kit keeps the failure that it shows while that comes again, and else shows the first one', () => {
  const written = page('', second)
  expect(written).toContain('| sleeps | a second close | it is still asleep |')
  expect(page(written, first, second)).toBe(written)
  expect(page(written, first)).toContain('| sleeps | a close | it is asleep |')
})

test('the page of the kit changes with the text of a failure, unless only the time of the test was up', () => {
  const written = page('', first)
  expect(page(written, { ...first, text: 'it sleeps' })).toContain('| sleeps | a close | it sleeps |')
  expect(page(written, { ...first, text: 'not done', late: true })).toBe(written)
})

test('a text of the kit has nothing that differs from run to run, or from one version of Node to another', () => {
  const thrown = (call: () => void): unknown => {
    try {
      call()
    } catch (error) {
      return error
    }
    return undefined
  }
  const differing = thrown(() => assert.deepEqual([1, 2], [1, 3]))
  expect(kitFailure(differing, 'a')).toBe(
    'Expected values to be strictly deep-equal: got [ 1, 2 ], expected [ 1, 3 ]',
  )
  const said = thrown(() => assert.equal(1, 2, 'The id has to be 2.'))
  expect(kitFailure(said, 'a')).toBe('The id has to be 2.')
  const late = new Error(
    'close: a close: not done after 3000 ms. Calls of the backend under way: next (for 5 ms).',
  )
  expect(kitFailure(late, 'a close')).toBe('not done after … ms. …')
  expect(kitFailure(new Error('channel "conformance-ab12" at wal1:memory:5:+'), 'a')).toBe(
    'channel "conformance-…" at wal1:…',
  )
})
