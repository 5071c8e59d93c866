import assert from 'node:assert/strict'
import { test } from 'vitest'
import { unknownOption } from './unknown-option.js'

const KNOWN = ['channel', 'accessMode', 'term', 'budgetBytes', 'closeTimeoutMs', 'openTimeoutMs']
const messageFor = (name: string, known: readonly string[] = KNOWN) =>
  unknownOption(name, known, 'openWal').message

test.each([
  ['acessMode', 'accessMode'],
  ['accesMdoe', 'accessMode'],
  ['AccessMode', 'accessMode'],
  ['chanel', 'channel'],
  ['trem', 'term'],
  ['closeTimeout', 'closeTimeoutMs'],
  ['budget', 'budgetBytes'],
])('%s is taken for %s', (name, nearest) => {
  assert.equal(
    messageFor(name),
    `"${name}" is not an option of openWal; did you mean "${nearest}"? Options: accessMode, budgetBytes, channel, closeTimeoutMs, openTimeoutMs, term.`,
  )
})

test('what resembles nothing is told the options alone', () => {
  for (const name of ['', 'x', 'compression', '__proto__', 'toString'])
    assert.match(messageFor(name), /^"\w*" is not an option of openWal\. Options: accessMode, .*term\.$/)
  assert.equal(messageFor('depth', []), '"depth" is not an option of openWal. It takes no options.')
})

test('a long name is cut', () => {
  assert.ok(messageFor('n'.repeat(100_000)).length < 300)
})
