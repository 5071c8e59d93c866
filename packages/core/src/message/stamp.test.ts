import assert from 'node:assert/strict'
import { MESSAGE_TYPE, recordBytes } from '@wal/walimpls'
import fc from 'fast-check'
import { test } from 'vitest'
import { MessageArena } from './message-arena.js'
import { TakenMessage } from './new-message.js'
import { Stamp } from './stamp.js'

test('a stamped message has as many bytes as is said without looking at its texts', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 90 })
  const given = fc.record({
    vchannel: text,
    type: fc.constantFrom(MESSAGE_TYPE.Record, MESSAGE_TYPE.TimeTick, 12_345),
    properties: fc.array(text, { maxLength: 6 }).map((texts) => texts.flatMap((each) => [each, `${each}-`])),
    payload: fc.uint8Array({ maxLength: 100 }),
    timeTick: fc.constantFrom('0', '1y2p0ij32e8e7'),
    previousTick: fc.constantFrom('', '1716-3'),
    incarnation: fc.constantFrom('w', '界'),
    large: fc.boolean(),
  })
  const arena = new MessageArena()
  fc.assert(
    fc.property(
      given,
      ({ vchannel, type, properties, payload, timeTick, previousTick, incarnation, large }) => {
        const stamp = new Stamp({ term: 37, incarnation }, previousTick)
        const own = large ? [...properties, 'large', '界'.repeat(20_000)] : properties
        const taken = new TakenMessage(arena, payload, vchannel, type, own)
        const stamped = { payload: taken.payload, properties: stamp.properties(taken, timeTick) }
        assert.equal(stamp.bytesWith(taken, timeTick), recordBytes(stamped))
      },
    ),
  )
})
