import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { PulsarId } from './message-id.js'
import { messageIds } from './message-ids.js'

const base64 = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex').toString('base64')
const of = (ledger: number, entry: number, index: number) => messageIds.of({ ledger, entry }, index)

const MINUS_ONE = 'ffffffffffffffffff01'
const LARGEST = 'ffffffffffffff0f'

test.each([
  [of(1, 2, 3), '08 01 10 02 20 03'],
  [of(0, 0, 0), '08 00 10 00 20 00'],
  [of(300, 127, 128), '08 ac02 10 7f 20 8001'],
  [of(Number.MAX_SAFE_INTEGER, 0, 2 ** 31 - 1), `08 ${LARGEST} 10 00 20 ffffffff07`],
])('%s is the base64 of ledger, entry and batch index', (id, hex) => {
  expect(messageIds.serialise(id)).toBe(base64(hex))
  expect(messageIds.parse(base64(hex))).toEqual(id)
})

describe('an id of another client', () => {
  test.each([
    ['Milvus’ Go client before it wrote batch sizes', '08 01 10 02 18 00 20 03', of(1, 2, 3)],
    ['Milvus’ Go client', `08 01 10 02 18 ${MINUS_ONE} 20 03 30 05`, of(1, 2, 3)],
    ['Milvus’ Go client, of a message in no batch', `08 01 10 02 18 00 20 ${MINUS_ONE} 30 00`, of(1, 2, 0)],
    ['Java’s client, of a message in no batch', '08 01 10 02', of(1, 2, 0)],
    ['Java’s client, of a message of a batch', '08 01 10 02 20 03 30 04', of(1, 2, 3)],
    ['C++’s client, whose fields are in another order', '20 03 10 02 08 01', of(1, 2, 3)],
  ])('of %s is equal to ours and keeps its text', (_, hex, ours) => {
    const id = messageIds.parse(base64(hex))
    expect([id.ledger, id.entry, id.index]).toEqual([ours.ledger, ours.entry, ours.index])
    expect(messageIds.compare(id, ours)).toBe(0)
    expect(messageIds.serialise(id)).toBe(base64(hex))
  })

  test('keeps its text among packed ones', () => {
    const ids = [of(1, 2, 0), messageIds.parse(base64('08 01 10 02 20 01 30 04'))]
    const packed = messageIds.pack?.(ids)
    expect(messageIds.serialise(packed?.at(1) as PulsarId)).toBe(base64('08 01 10 02 20 01 30 04'))
  })
})

test.each([
  ['nothing', ''],
  ['no base64', '!'],
  ['base64 without its padding', 'CAE'],
  ['base64 with a bit too many', 'CAEQAiAEMAV='],
  ['white space', `${base64('08 01 10 02 20 03')}\n`],
  ['no entry', base64('08 01 20 03')],
  ['no ledger', base64('10 02 20 03')],
  ['a partition', base64('08 01 10 02 18 01 20 03')],
  ['a batch index below −1', base64(`08 01 10 02 20 feffffffffffffffff01`)],
  ['a ledger above 2^53', base64('08 8080808080808010 10 02')],
  ['a ledger of −1, which stands for the beginning', base64(`08 ${MINUS_ONE} 10 02`)],
  ['the id of the first chunk', base64('08 01 10 02 3a 04 08 01 10 01')],
  ['a field of another kind', base64('0a 01 01 10 02')],
  ['a cut-off number', base64('08 01 10 82')],
  ['more than any id', base64('08 01 10 02'.repeat(30))],
])('%s is no id', (_, text) => {
  expect(() => messageIds.parse(text)).toThrow(
    expect.objectContaining({
      code: 'WAL_INVALID_ARGUMENT',
      message: expect.stringMatching(/^A message id of "pulsar" must be the base64 of a MessageIdData/),
    }),
  )
})

test('ids are ordered by ledger, entry and index', () => {
  const ids = [of(1, 0, 0), of(1, 0, 1), of(1, 0, 9), of(1, 1, 0), of(1, 9, 0), of(2, 0, 0)]
  for (const [i, a] of ids.entries())
    for (const [j, b] of ids.entries()) expect(Math.sign(messageIds.compare(a, b))).toBe(Math.sign(i - j))
})

test('an id of another backend cannot be compared', () => {
  const other = { backend: 'kafka' } as unknown as PulsarId
  const wrong = expect.objectContaining({ code: 'WAL_INVALID_ARGUMENT' })
  expect(() => messageIds.compare(of(1, 2, 3), other)).toThrow(wrong)
  expect(() => messageIds.compare(other, of(1, 2, 3))).toThrow(wrong)
  expect(() => messageIds.serialise(other)).toThrow(wrong)
})

test.each([
  [of(1, 2, 4), of(1, 2, 3), true],
  [of(1, 3, 0), of(1, 2, 3), true],
  [of(1, 2, 5), of(1, 2, 3), false],
  [of(1, 2, 3), of(1, 2, 3), false],
  [of(1, 3, 1), of(1, 2, 3), false],
  [of(1, 4, 0), of(1, 2, 3), false],
  [of(2, 0, 0), of(1, 2, 3), false],
  [of(2, 3, 0), of(1, 2, 3), false],
])('whether %s follows %s: %s', (id, before, follows) => {
  expect(messageIds.follows?.(id, before)).toBe(follows)
})

test('texts and packed ids give the same ids back', () => {
  const id = fc
    .tuple(fc.maxSafeNat(), fc.maxSafeNat(), fc.nat(2 ** 31 - 6))
    .map(([ledger, entry, index]) => of(ledger, entry, index))
  fc.assert(
    fc.property(fc.array(id, { minLength: 1, maxLength: 4 }), fc.nat(4), (ids, more) => {
      const first = ids[0] as PulsarId
      const run = Array.from({ length: more + 1 }, (_, i) => of(first.ledger, first.entry, first.index + i))
      for (const list of [ids, run]) {
        const packed = messageIds.pack?.(list)
        for (const [i, each] of list.entries()) {
          expect(packed?.at(i)).toEqual(each)
          expect(messageIds.parse(messageIds.serialise(each))).toEqual(each)
        }
        expect(packed?.at(list.length)).toBe(undefined)
      }
    }),
  )
})

test('ids of one entry with a hole between them come back from packed ones', () => {
  const ids = [of(1, 2, 0), of(1, 2, 2), of(1, 2, 3)]
  const packed = messageIds.pack?.(ids)
  expect(ids.map((_, i) => packed?.at(i))).toEqual(ids)
})

test('an id shows its place', () => {
  expect(`${of(14, 3, 2)}`).toBe('14:3:2')
  expect(JSON.stringify({ id: of(14, 3, 2) })).toBe('{"id":"14:3:2"}')
})
