import { describe, expect, test } from 'vitest'
import { propertyOf, readEnvelope } from './envelope.js'

const place = () => 'orders/17'
const good: Record<string, string> = {
  _v: '1',
  _t: '1000',
  _tt: 'a',
  _wt: '3',
  _lc: 'z9',
  _vc: 'eu',
  _wi: 'w',
  _pt: 'y',
}
const list = (changes: Record<string, string | undefined> = {}) =>
  Object.entries({ ...good, ...changes }).flatMap(([key, value]) => (value === undefined ? [] : [key, value]))
const read = (changes?: Record<string, string | undefined>) => readEnvelope(list(changes), place)

describe('readEnvelope', () => {
  test('says what the reserved properties say', () => {
    expect(read({ user: '_tt' })).toEqual({
      version: 1,
      type: 1000,
      timeTick: 10n,
      term: 3,
      incarnation: 'w',
      opening: false,
      vchannel: 'eu',
      lastConfirmed: 'z9',
      previousTick: 'y',
    })
    expect(read({ _op: '' }).opening).toBe(true)
    expect(read({ _lc: undefined, _lcs: '' }).lastConfirmed).toBe('')
    expect(read({ _v: '2' }).version).toBe(2)
  })

  test('what another system may leave out', () => {
    const envelope = read({ _t: undefined, _wt: undefined, _vc: undefined, _wi: undefined, _pt: undefined })
    expect(envelope).toMatchObject({ type: 0, term: -1, vchannel: '', incarnation: '', previousTick: '' })
    expect(read({ _wt: '-1' }).term).toBe(-1)
  })

  test.each<[string, string | undefined]>([
    ['_v', undefined],
    ['_v', ''],
    ['_v', 'one'],
    ['_v', '01'],
    ['_t', ''],
    ['_t', '-1'],
    ['_t', 'x'],
    ['_tt', undefined],
    ['_tt', ''],
    ['_tt', 'A'],
    ['_tt', '-1'],
    ['_tt', '00'],
    ['_tt', '3w5e11264sgsg'],
    ['_wt', ''],
    ['_wt', '1.5'],
    ['_wt', '3w5e11264sgsf'],
    ['_wt', '2gosa7pa2gw'],
    ['_lc', undefined],
    ['_lcs', ''],
  ])('%s %j is corrupt, and the error names the place and key', (key, value) => {
    expect(() => read({ [key]: value })).toThrow(
      expect.objectContaining({ code: 'WAL_CORRUPT', message: expect.stringMatching(`orders/17.*${key}`) }),
    )
  })

  test('a higher format version is refused by name', () => {
    expect(() => read({ _v: '3', _tt: 'not ours to judge' })).toThrow(
      expect.objectContaining({
        code: 'WAL_SPEC_UNSUPPORTED',
        message: expect.stringContaining('orders/17: message format version 3'),
      }),
    )
  })
})

test('propertyOf looks at keys only', () => {
  expect(propertyOf(['a', 'b', 'b', 'c'], 'b')).toBe('c')
  expect(propertyOf(['a', 'b'], 'b')).toBe(undefined)
  expect(propertyOf([], 'b')).toBe(undefined)
})
