import { describe, expect, test, vi } from 'vitest'
import { AppendError, outcomeOf } from './append-error.js'
import { corrupt } from './corrupt.js'
import { ERROR_CODES, type ErrorCode } from './error-code.js'
import { invalidArgument } from './invalid-argument.js'
import { PositionTruncatedError } from './position-truncated-error.js'
import { WalError } from './wal-error.js'

describe('errors', () => {
  // This list repeats `ERROR_CODES` on purpose: whether a code is retryable is API, and a change by accident has to fail this
  // test.
  const retryable = ['WAL_TIMEOUT', 'WAL_RATE_LIMITED', 'WAL_STORAGE_FULL', 'WAL_UNAVAILABLE']

  test.each(Object.keys(ERROR_CODES) as ErrorCode[])(
    'an error with code %s is retryable as the code says',
    (code) => {
      const error = new WalError(code, 'text')
      expect(error.code).toBe(code)
      expect(error.retryable).toBe(retryable.includes(code))
      expect(new WalError(code, 'text', { retryable: !error.retryable }).retryable).toBe(!error.retryable)
      expect(code).toMatch(/^WAL_[A-Z_]+$/)
    },
  )

  test('isInstance knows errors of every copy of the package, and nothing else', async () => {
    vi.resetModules()
    const copy = await import('./wal-error.js')
    expect(copy.WalError).not.toBe(WalError)
    expect(copy.WalError.isInstance(new AppendError('WAL_CLOSED', 'x', { outcome: 'unknown' }))).toBe(true)
    expect(WalError.isInstance(new copy.WalError('WAL_CLOSED', 'x'))).toBe(true)
    for (const other of [undefined, null, 'WAL_CLOSED', new Error('x'), { code: 'WAL_CLOSED' }, () => {}])
      expect(WalError.isInstance(other)).toBe(false)
  })

  test('an error has the property `cause` only when a cause was given', () => {
    const cause = new Error('driver')
    expect(new WalError('WAL_UNAVAILABLE', 'x', { cause }).cause).toBe(cause)
    expect('cause' in new WalError('WAL_UNAVAILABLE', 'x')).toBe(false)
    expect(corrupt('orders/3', 'bad checksum', cause)).toMatchObject({
      code: 'WAL_CORRUPT',
      message: 'orders/3: bad checksum',
      cause,
    })
  })

  test('AppendError has outcome and token, PositionTruncatedError has `oldest`', () => {
    const append = new AppendError('WAL_TIMEOUT', 'x', { outcome: 'not-written', token: 't' })
    expect(append).toMatchObject({ name: 'AppendError', outcome: 'not-written', token: 't', retryable: true })
    expect(new PositionTruncatedError('x', { oldest: '4' })).toMatchObject({
      code: 'WAL_POSITION_TRUNCATED',
      oldest: '4',
    })
    expect(new PositionTruncatedError('x').oldest).toBe(undefined)
  })

  test('outcomeOf reads the outcome of any of our errors, and answers unknown for everything else', () => {
    expect(outcomeOf(new AppendError('WAL_FENCED', 'x', { outcome: 'not-written' }))).toBe('not-written')
    expect(outcomeOf(new AppendError('WAL_FENCED', 'x', { outcome: 'unknown' }))).toBe('unknown')
    expect(outcomeOf(Object.assign(new Error('x'), { outcome: 'not-written' }))).toBe('unknown')
    for (const other of [new WalError('WAL_UNAVAILABLE', 'x'), new Error('x'), undefined, 'x'])
      expect(outcomeOf(other)).toBe('unknown')
  })

  test.each<[unknown, string]>([
    [undefined, 'x must be y'],
    ['a"b', 'x must be y, got "a\\"b"'],
    ['a'.repeat(200), `x must be y, got "${'a'.repeat(80)}…"`],
    [7n, 'x must be y, got 7n'],
    [null, 'x must be y, got null'],
    [Number.NaN, 'x must be y, got NaN'],
    [{ password: 'hunter2' }, 'x must be y, got an object (Object)'],
    [Object.create(null), 'x must be y, got an object (no prototype)'],
    [() => {}, 'x must be y, got a function'],
    [Symbol('s'), 'x must be y, got a symbol'],
  ])('invalidArgument shows %s shortly', (got, message) => {
    expect(invalidArgument('x must be y', got)).toMatchObject({ code: 'WAL_INVALID_ARGUMENT', message })
  })
})
