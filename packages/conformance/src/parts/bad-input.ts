import assert from 'node:assert/strict'
import { readOptions } from '@wal/walimpls/helper'
import type { NewRecord } from '../kit/adaptor.js'
import { Observations, observedBuilder } from '../kit/observed-builder.js'
import type { PartContext } from '../kit/part.js'
import { rejectsWith } from '../kit/patience.js'
import { deliveredTo } from '../kit/reading.js'

const LONE_SURROGATE = '\ud800'

/** G20: a bad argument is refused before any I/O, by an error that says what is allowed. */
export function badInputPart({ backend, test }: PartContext): void {
  const { builder } = backend

  const { compare, serialise, parse } = builder.messageIds

  test('an id of another backend and a text that is no id are refused', async (scene) => {
    const { opening } = await scene.writer(1)
    const foreign = { backend: 'another' }
    assert.throws(() => compare(foreign, opening), { code: 'WAL_INVALID_ARGUMENT' })
    assert.throws(() => compare(opening, foreign), { code: 'WAL_INVALID_ARGUMENT' })
    for (const nonsense of ['', ' ', 'not an id', '🗝', `${serialise(opening)} `, '\u0000'])
      assert.throws(() => parse(nonsense), { code: 'WAL_INVALID_ARGUMENT' }, JSON.stringify(nonsense))
  })

  test('an unknown option, a missing required one and a value of the wrong type are refused', async (scene) => {
    const given = scene.options
    const bad: Record<string, unknown>[] = [{ ...given, 'no such option': 1 }]
    for (const [name, { type, required, min }] of Object.entries(builder.options)) {
      if (type !== 'value') bad.push({ ...given, [name]: Symbol('of no type') })
      if (min !== undefined) bad.push({ ...given, [name]: min - 1 })
      if (required) bad.push(Object.fromEntries(Object.entries(given).filter(([each]) => each !== name)))
    }
    for (const options of bad)
      assert.throws(() => readOptions(builder.options, options, 'it'), { code: 'WAL_INVALID_ARGUMENT' })
  })

  test('through the adaptor: bad names, terms and options never reach the backend', async (scene) => {
    const seen = new Observations()
    const watched = { builder: observedBuilder(scene.builder, seen) }
    const names = [
      '',
      'A',
      '../x',
      'a/b',
      'a.b',
      '_a',
      '-a',
      'con',
      'lpt1',
      'a'.repeat(201),
      'ä',
      'a b',
      5,
      null,
    ]
    for (const channel of names)
      await rejectsWith(scene.open({ ...watched, channel: channel as string }), 'WAL_INVALID_ARGUMENT')
    for (const channel of names)
      await rejectsWith(scene.openReader({ ...watched, channel: channel as string }), 'WAL_INVALID_ARGUMENT')
    for (const term of [-1, 1.5, Number.NaN, 2 ** 53, '3', 'last', null])
      await rejectsWith(scene.open({ ...watched, term: term as number }), 'WAL_INVALID_ARGUMENT')
    const unknown = { ...watched, 'no such option': 1 }
    await rejectsWith(scene.open(unknown), 'WAL_INVALID_ARGUMENT')
    const options = { ...scene.options, 'no such option': 1 }
    await rejectsWith(scene.open({ ...watched, backend: options }), 'WAL_INVALID_ARGUMENT')
    assert.equal(seen.opens, 0)
  })

  test('through the adaptor: bad messages, options and positions never reach the backend', async (scene) => {
    const seen = new Observations()
    const wal = await scene.open({ builder: observedBuilder(scene.builder, seen), timeTickMs: 60_000 })
    const before = seen.appends
    const payload = Uint8Array.of(1)
    const messages: unknown[] = [
      undefined,
      {},
      { payload: 'text' },
      { payload, vchannel: 5 },
      { payload, vchannel: LONE_SURROGATE },
      { payload, properties: { a: 'b' } },
      { payload, properties: new Map([['_tt', '1']]) },
      { payload, properties: new Map([['_mine', '1']]) },
      { payload, properties: new Map([['a', 1]]) },
      { payload, properties: new Map([['a', LONE_SURROGATE]]) },
      { payload, properties: new Map([[LONE_SURROGATE, 'a']]) },
    ]
    for (const message of messages)
      await rejectsWith(wal.append(message as NewRecord), 'WAL_INVALID_ARGUMENT')
    for (const timeoutMs of [0, -1, Number.NaN, '5', 2 ** 31])
      await rejectsWith(wal.append({ payload }, { timeoutMs: timeoutMs as number }), 'WAL_INVALID_ARGUMENT')
    for (const position of ['', 'x', 'wal1', 5, undefined])
      await rejectsWith(wal.truncate(position as string), 'WAL_INVALID_ARGUMENT')
    for (const choices of [
      { from: 'x' },
      { after: '' },
      { until: 'start' },
      { deliver: 'earliest' },
      { tail: true },
    ])
      assert.throws(() => wal.read(choices as object), { code: 'WAL_INVALID_ARGUMENT' })
    assert.equal(seen.appends, before)
    assert.deepEqual(await deliveredTo(wal), [])
  })
}
