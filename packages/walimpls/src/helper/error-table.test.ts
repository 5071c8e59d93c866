import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { WalError } from '../errors/wal-error.js'
import { ErrorTable } from './error-table.js'
import { notWritten } from './not-written.js'
import { scrubbedError } from './scrubbed-error.js'

const table = new ErrorTable({
  rows: [
    { names: ['ENOSPC'], code: 'WAL_STORAGE_FULL', retryable: true, advice: 'Free space.' },
    { text: /max clients/, retryable: true, outcome: 'not-written' },
    { names: /^E/, retryable: false, outcome: 'not-written' },
  ],
  otherwise: () => ({ retryable: true }),
})
const withCode = (code: string, text = 'said the system') => Object.assign(new Error(text), { code })

describe('an error', () => {
  test('is found by its names, then by its text; the first row that fits counts', () => {
    const found = [
      withCode('ENOSPC'),
      withCode('EIO', 'max clients'),
      withCode('EIO'),
      new Error('else'),
    ].map((error) => {
      const { code, retryable } = table.map(error, 'reading orders')
      return [code, retryable]
    })
    expect(found).toEqual([
      ['WAL_STORAGE_FULL', true],
      ['WAL_UNAVAILABLE', true],
      ['WAL_UNAVAILABLE', false],
      ['WAL_UNAVAILABLE', true],
    ])
  })

  test('says what was done, what went wrong, what to do, and what is the matter with the connection', () => {
    const trouble = new Error('refused by redis://user:secret@db')
    expect(table.map(withCode('ENOSPC', 'no space left.'), 'appending to orders', { trouble }).message).toBe(
      'appending to orders failed: no space left. Free space. The connection: refused by redis://***@db',
    )
  })

  test('of an append has an outcome: the caller’s, the row’s, or unknown', () => {
    const outcomes = [
      table.mapAppend(withCode('EIO'), 'x', { outcome: 'unknown' }),
      table.mapAppend(withCode('EIO'), 'x'),
      table.mapAppend(new Error('else'), 'x'),
    ].map((error) => (error as { outcome?: string }).outcome)
    expect(outcomes).toEqual(['unknown', 'not-written', 'unknown'])
  })

  test('of ours passes; of an append without an outcome it gets the caller’s', () => {
    const damage = new WalError('WAL_CORRUPT', 'damage')
    expect(table.map(damage, 'x')).toBe(damage)
    expect(table.mapAppend(damage, 'x')).toBe(damage)
    expect(table.mapAppend(damage, 'x', { outcome: 'not-written' })).toMatchObject({
      code: 'WAL_CORRUPT',
      outcome: 'not-written',
    })
    const refused = notWritten('WAL_FENCED', 'fenced')
    expect(table.mapAppend(refused, 'x', { outcome: 'unknown' })).toBe(refused)
  })
})

describe('a scrubbed copy', () => {
  test('has name, code and text, and nothing else of what a driver hangs on its errors', () => {
    const driver = Object.assign(withCode('NOAUTH', 'AUTH failed'), {
      name: 'ReplyError',
      command: { name: 'auth', args: ['hunter2'] },
      cause: new Error('hunter2'),
    })
    const copy = scrubbedError(driver)
    expect([copy.name, copy.code, copy.message]).toEqual(['ReplyError', 'NOAUTH', 'AUTH failed'])
    expect(inspect(copy, { depth: null, showHidden: true })).not.toContain('hunter2')
    expect(inspect(table.map(driver, 'connecting'), { depth: null, showHidden: true })).not.toContain(
      'hunter2',
    )
  })

  test('has no login in its text, and what the backend takes away is gone', () => {
    const said = 'cannot reach kafka://me:pass:word@one:9092 with args: secret'
    expect(scrubbedError(new Error(said), (text) => text.replace(/ with args.*/, '')).message).toBe(
      'cannot reach kafka://***@one:9092',
    )
  })

  test('of an error of several addresses says what the first one said', () => {
    expect(scrubbedError(new AggregateError([new Error('refused'), new Error('late')], '')).message).toBe(
      'refused',
    )
    expect(scrubbedError(undefined).message).toBe('')
    expect(scrubbedError('a text').message).toBe('a text')
  })
})
