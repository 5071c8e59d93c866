import assert from 'node:assert/strict'
import { MESSAGE_TYPE, packedBatch, RESERVED, recordBytes, type WireMessage } from '@wal/walimpls'
import fc from 'fast-check'
import { test } from 'vitest'
import { TimeTickRun } from '../time-tick/time-tick-run.js'
import { RecordArena, type RecordParts } from './record-arena.js'
import { RecordDraft } from './record-draft.js'
import { lastConfirmedOf, previousTickOf, Stamp, typeOf, vchannelOf } from './stamp.js'

const text = fc.string({ unit: 'grapheme', maxLength: 90 })
const given = fc.record({
  vchannel: text,
  type: fc.constantFrom(MESSAGE_TYPE.Record, MESSAGE_TYPE.TimeTick, 12_345),
  properties: fc.array(text, { maxLength: 6 }).map((texts) => texts.flatMap((each) => [each, `${each}-`])),
  payload: fc.uint8Array({ maxLength: 100 }),
  timeTick: fc.constantFrom(0n, 35n, 472_446_402_561_146_880n, (1n << 64n) - 1n),
  before: fc.constantFrom('', '1716-3'),
  previousTick: fc.constantFrom('', '1716-3', '17160000-4'),
  lastConfirmed: fc.constantFrom('', '1716-3'),
  incarnation: fc.constantFrom('w', '界'),
  large: fc.boolean(),
})

function draftOf(
  arena: RecordArena,
  stamp: Stamp,
  { type, ...parts }: RecordParts & { type: number },
): RecordDraft {
  arena.write(parts, stamp.bytesOf(type))
  return new RecordDraft(arena, parts.vchannel, type)
}

function storedOf({ slab, start, end }: RecordDraft): WireMessage {
  return packedBatch({ sequence: 0, count: 1, bytes: 0, packed: [slab.subarray(start, end)] })
    .messages[0] as WireMessage
}

test('a record is stored with its stamp, of whatever size, and has as many bytes as is said of it', () => {
  const arena = new RecordArena()
  fc.assert(
    fc.property(given, (made) => {
      const { vchannel, type, payload, incarnation, previousTick, lastConfirmed, timeTick } = made
      const properties = made.large ? [...made.properties, 'large', '界'.repeat(20_000)] : made.properties
      const stamp = new Stamp({ term: 37, incarnation }, made.before)
      const draft = draftOf(arena, stamp, { payload, vchannel, type, properties })
      const behind = draftOf(arena, stamp, { payload, vchannel, type, properties })
      // A time tick may have been acknowledged since the message was taken over.
      stamp.previousTick = previousTick
      const run = new TimeTickRun()
      run.start(timeTick)
      const bytes = draft.bytes + stamp.fill(draft, run, lastConfirmed)
      const stored = storedOf(draft)
      assert.equal(bytes, recordBytes(stored))
      assert.deepEqual(new Uint8Array(stored.payload), payload)
      assert.deepEqual(new Uint8Array(draft.payload), payload)
      const named = vchannel === '' ? [] : [RESERVED.vchannel, vchannel]
      const texts = stamp.texts(type, timeTick.toString(36), lastConfirmed)
      assert.deepEqual(stored.properties, [...texts, ...named, ...properties])
      assert.equal(typeOf(stored.properties), type)
      assert.equal(vchannelOf(stored.properties), vchannel)
      assert.equal(lastConfirmedOf(stored.properties), lastConfirmed)
      assert.equal(previousTickOf(stored.properties), previousTick)
      // The one behind it in the slab is untouched.
      stamp.fill(behind, run, '')
      assert.deepEqual(new Uint8Array(storedOf(behind).payload), payload)
    }),
  )
})

test('records of one writer lie behind each other, so that a batch of them is one run of bytes', () => {
  const arena = new RecordArena()
  const stamp = new Stamp({ term: 1, incarnation: 'w' }, '7')
  const parts = {
    payload: Buffer.alloc(100),
    vchannel: 'eu',
    type: MESSAGE_TYPE.Record,
    properties: ['k', 'v'],
  }
  const run = new TimeTickRun()
  run.start(472_446_402_561_146_880n)
  const drafts = Array.from({ length: 100 }, () => draftOf(arena, stamp, parts))
  for (const draft of drafts) stamp.fill(draft, run, '')
  for (const [i, { slab, start }] of drafts.entries())
    if (i > 0) assert.deepEqual([slab, start], [drafts[i - 1]?.slab, drafts[i - 1]?.end])
})

test('a rewritten record says the new, and nothing of the old', () => {
  const arena = new RecordArena()
  const stamp = new Stamp({ term: 1, incarnation: 'w' }, '')
  const type = MESSAGE_TYPE.TimeTick
  const old = { payload: Buffer.from('old'), vchannel: '', type, properties: ['a', 'old'] }
  const draft = draftOf(arena, stamp, old)
  arena.write(
    { ...old, payload: Buffer.from('new one'), properties: ['b', 'c', 'd', 'e'] },
    stamp.bytesOf(type),
  )
  draft.become(arena)
  const run = new TimeTickRun()
  run.start(7n)
  const bytes = draft.bytes + stamp.fill(draft, run, '')
  const stored = storedOf(draft)
  assert.equal(Buffer.from(stored.payload).toString(), 'new one')
  assert.deepEqual(stored.properties.slice(14), ['b', 'c', 'd', 'e'])
  assert.equal(bytes, recordBytes(stored))
})
