import { constants, deflateSync } from 'node:zlib'
import { batchOf } from '@wal/walimpls'
import { describe, expect, test, vi } from 'vitest'
import { EntryDecoder } from './entry-decoder.js'
import { encodeMessages, headersAndPayload } from './entry-encoder.js'

// Entries made by hand after Pulsar's own description of its messages, as the clients named here write them.
const hex = (...parts: string[]) => Buffer.from(parts.join('').replaceAll(' ', ''), 'hex')
const text = (value: string) => Buffer.from(value).toString('hex')
const u32 = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

const TOPIC = 'persistent://public/default/orders'
const place = { ledger: 14, entry: 3 }

/** Producer `p`, sequence id 7, publish time 300. */
const HEAD = `0a 01 ${text('p')} 10 07 18 ac02`
/** `num_messages_in_batch`. */
const count = (messages: string) => `58 ${messages}`

function entryOf(metadata: string, payload: Buffer): Buffer {
  const bytes = hex(metadata)
  return Buffer.concat([u32(bytes.length), bytes, payload])
}

/** A message of a batch: its metadata, and its payload as text. */
function single(metadata: string, payload = ''): Buffer {
  const bytes = hex(metadata)
  return Buffer.concat([u32(bytes.length), bytes, Buffer.from(payload)])
}

/** A `KeyValue` of short ASCII texts, with this tag in front. */
function property(tag: string, key: string, value: string): string {
  const body = hex(`0a ${byte(key.length)} ${text(key)} 12 ${byte(value.length)} ${text(value)}`)
  return `${tag} ${byte(body.length)} ${body.toString('hex')}`
}
const byte = (value: number) => value.toString(16).padStart(2, '0')

const decode = (bytes: Buffer) => new EntryDecoder(TOPIC).decode(bytes, place)
const shown = (bytes: Buffer) =>
  decode(bytes)
    .records()
    .map(({ id, payload, properties }) => [`${id}`, Buffer.from(payload).toString(), ...properties])

test('the bytes of a batch are those that Pulsar describes', () => {
  const batch = batchOf(0, [
    { payload: Buffer.from('hi'), properties: ['k', 'v', 'none', ''] },
    { payload: Buffer.alloc(0), properties: [] },
  ])
  const [header, payload] = headersAndPayload(encodeMessages(batch, { producer: 'p' }), {
    sequence: 7,
    publishTime: 300,
  }) as [Buffer, Buffer]
  expect(header).toEqual(entryOf(`${HEAD} ${count('02')}`, Buffer.alloc(0)))
  expect(payload).toEqual(
    Buffer.concat([
      single(`${property('0a', 'k', 'v')} ${property('0a', 'none', '')} 18 02`, 'hi'),
      single('18 00'),
    ]),
  )
})

describe('an entry of another client', () => {
  test('of one message in no batch has its properties in the metadata', () => {
    const bytes = entryOf(`${HEAD} ${property('22', 'k', 'v')} ${property('22', 'l', '')}`, Buffer.from('hi'))
    expect(decode(bytes)).toMatchObject({
      place,
      count: 1,
      bytes: bytes.length,
      producer: 'p',
      sequence: 7,
    })
    expect(shown(bytes)).toEqual([['14:3:0', 'hi', 'k', 'v', 'l', '']])
  })

  test('with a null value, a key, an event time, a schema and other fields is read', () => {
    const metadata = `${HEAD} 32 01 61 60 ac02 82 01 01 31 92 01 01 61 c8 01 01`
    expect(shown(entryOf(metadata, Buffer.alloc(0)))).toEqual([['14:3:0', '']])
  })

  test('in a batch with keys, sequence ids, event times and null values is read', () => {
    const bytes = Buffer.concat([
      single(`${property('0a', 'k', 'v')} 12 01 61 18 02 28 ac02 30 00 40 07`, 'hi'),
      single('18 00 40 08 48 01'),
      // The size of the payload in front of the properties, and a property with its value in front.
      single('18 01 0a 06 12 01 77 0a 01 6b', 'x'),
    ])
    expect(shown(entryOf(`${HEAD} ${count('03')}`, bytes))).toEqual([
      ['14:3:0', 'hi', 'k', 'v'],
      ['14:3:1', ''],
      ['14:3:2', 'x', 'k', 'w'],
    ])
  })

  test('a message that compaction removed leaves its index free', () => {
    const bytes = Buffer.concat([single('18 01', 'a'), single('18 00 20 01'), single('18 01 20 00', 'c')])
    expect(shown(entryOf(`${HEAD} ${count('03')}`, bytes))).toEqual([
      ['14:3:0', 'a'],
      ['14:3:2', 'c'],
    ])
  })

  test('of a key that is there twice the last value counts, also where the message before has the key once', () => {
    const twice = `${property('0a', 'k', '1')} ${property('0a', 'l', '2')} ${property('0a', 'k', '3')} 18 00`
    const bytes = Buffer.concat([
      single(`${property('0a', 'k', '1')} ${property('0a', 'l', '2')} 18 00`),
      single(twice),
      single(twice),
    ])
    expect(shown(entryOf(`${HEAD} ${count('03')}`, bytes))).toEqual([
      ['14:3:0', '', 'k', '1', 'l', '2'],
      ['14:3:1', '', 'k', '3', 'l', '2'],
      ['14:3:2', '', 'k', '3', 'l', '2'],
    ])
  })

  test('properties that the native client put into one property are made whole', () => {
    const odd = (text: string) =>
      `${property('0a', '_pl', text)} ${property('0a', 'a', '1')} ${property('0a', 'b', '2')} 18 00`
    const bytes = [odd('o1,0'), odd('o1,0'), odd('x'), odd('o1,0'), odd('l["c","3"]')].map((metadata) =>
      single(metadata),
    )
    expect(shown(entryOf(`${HEAD} ${count('05')}`, Buffer.concat(bytes)))).toEqual([
      ['14:3:0', '', 'b', '2', 'a', '1'],
      ['14:3:1', '', 'b', '2', 'a', '1'],
      ['14:3:2', '', '_pl', 'x', 'a', '1', 'b', '2'],
      ['14:3:3', '', 'b', '2', 'a', '1'],
      ['14:3:4', '', 'c', '3'],
    ])
  })

  test('a marker of the broker has no records', () => {
    expect(decode(entryOf(`${HEAD} a0 01 0a`, Buffer.from('x'))).records()).toEqual([])
  })
})

test('texts of any length come back, beside the message before and alone', () => {
  const texts = [
    '',
    'a',
    'é',
    '\ufffd',
    '\u0000',
    'x'.repeat(127),
    'x'.repeat(128),
    'é'.repeat(100),
    'x'.repeat(20_000),
  ]
  const messages = texts.map((value) => ({
    payload: Buffer.alloc(0),
    properties: ['k', value, `l${value}`, value],
  }))
  const encoded = encodeMessages(batchOf(0, messages), { producer: 'p' })
  const bytes = Buffer.concat(headersAndPayload(encoded, { sequence: 0, publishTime: 0 }))
  const decoder = new EntryDecoder(TOPIC)
  for (let i = 0; i < 2; i++)
    expect(
      decoder
        .decode(bytes, place)
        .records()
        .map(({ properties }) => properties),
    ).toEqual(messages.map(({ properties }) => properties))
})

test('equal texts of two messages are one string, and are not decoded again', () => {
  const properties = ['a key of more than sixteen letters', 'a value of more than sixteen letters']
  const batch = batchOf(
    0,
    [1, 2].map(() => ({ payload: Buffer.alloc(0), properties })),
  )
  const bytes = Buffer.concat(
    headersAndPayload(encodeMessages(batch, { producer: 'p' }), { sequence: 0, publishTime: 0 }),
  )
  const toText = vi.spyOn(Buffer.prototype, 'toString')
  decode(bytes).records()
  const calls = toText.mock.calls.length
  toText.mockRestore()
  expect(calls).toBe(2)
})

describe('a compressed entry', () => {
  const message = single('18 03', 'aaa')
  const plain = Buffer.concat([message, message])
  const metadata = (codec: number, size = plain.length) =>
    `${HEAD} 40 ${byte(codec)} 48 ${byte(size)} ${count('02')}`
  const records = [
    ['14:3:0', 'aaa'],
    ['14:3:1', 'aaa'],
  ]
  const first = message.toString('hex')
  const forms: [string, number, Buffer][] = [
    // Nine literals, four bytes repeated from nine before, and the last five bytes as literals.
    ['LZ4, a block', 1, hex('90', first, '0900', '50', first.slice(8))],
    ['ZLIB', 2, deflateSync(plain)],
    ['ZLIB without a last block', 2, deflateSync(plain, { finishFlush: constants.Z_SYNC_FLUSH })],
    [
      'ZSTD, a frame with one plain block',
      3,
      hex('28b52ffd 00 58', byte((plain.length << 3) | 1), '0000', first, first),
    ],
    ['SNAPPY, a block', 4, hex(byte(plain.length), byte((plain.length - 1) << 2), first, first)],
  ]

  test.each(forms)('of %s is read', (_, codec, payload) => {
    expect(shown(entryOf(metadata(codec), payload))).toEqual(records)
  })
  test.each(forms)('of %s is refused when it has not the size that it says', (_, codec, payload) => {
    for (const size of [plain.length - 1, plain.length + 1])
      expect(() => decode(entryOf(metadata(codec, size), payload)).records()).toThrow(
        expect.objectContaining({ code: 'WAL_CORRUPT', message: expect.stringContaining('decompressed') }),
      )
  })
  test('is one message when it is in no batch', () => {
    const bytes = entryOf(`${HEAD} 40 04 48 03 ${property('22', 'k', 'v')}`, hex('03 08 616263'))
    expect(shown(bytes)).toEqual([['14:3:0', 'abc', 'k', 'v']])
  })
  test('of an empty message is read', () => {
    const bytes = entryOf(`${HEAD} 40 02 48 00`, deflateSync(Buffer.alloc(0)))
    expect(shown(bytes)).toEqual([['14:3:0', '']])
  })
  test('that says it becomes gigabytes is refused before it is decompressed', () => {
    const bytes = entryOf(`${HEAD} 40 02 48 ffffffff0f ${count('02')}`, deflateSync(plain))
    expect(() => decode(bytes).records()).toThrow(
      /4294967295 bytes decompressed; this package decompresses 268435456/,
    )
  })
  test('of an unknown codec is refused by its number', () => {
    expect(() => decode(entryOf(metadata(5), plain)).records()).toThrow(
      expect.objectContaining({
        code: 'WAL_SPEC_UNSUPPORTED',
        message: expect.stringContaining('it is compressed with codec 5'),
      }),
    )
  })
})

test.each([
  ['encrypted', '6a 06 0a 01 6b 12 01 76', 'it is encrypted'],
  ['of a transaction', 'b0 01 01 b8 01 00', 'it belongs to a transaction'],
  ['a chunk', 'd2 01 01 75 d8 01 02 e0 01 64 e8 01 00', 'it is a chunk of a larger message'],
])('an entry that is %s is refused by name, and shows its sequence id', (_, fields, what) => {
  const entry = decode(entryOf(`${HEAD} ${fields} ${count('05')}`, Buffer.from('x')))
  expect(entry).toMatchObject({ count: 5, producer: 'p', sequence: 7 })
  expect(() => entry.records()).toThrow(
    expect.objectContaining({
      code: 'WAL_SPEC_UNSUPPORTED',
      message: `topic "${TOPIC}", entry 14:3: the entry can't be read, since ${what}. Another application stored it.`,
    }),
  )
})

test('a message of one chunk is read', () => {
  expect(shown(entryOf(`${HEAD} d8 01 01`, Buffer.from('x')))).toEqual([['14:3:0', 'x']])
})

describe('damage is told with its place by `records`, not before', () => {
  const batch = (n: string, ...messages: Buffer[]) => entryOf(`${HEAD} ${count(n)}`, Buffer.concat(messages))
  test.each([
    ['nothing', Buffer.alloc(0), 'ends within the size of its metadata'],
    ['metadata that pass the end', hex('00000009 0a01'), 'pass its end'],
    ['metadata of 4 GiB', hex('ffffffff 0a01'), 'pass its end'],
    ['metadata that are cut off', entryOf('0a 05 61', Buffer.alloc(0)), "can't be read"],
    ['no sequence id', entryOf('0a 01 61', Buffer.alloc(0)), 'has no sequence id'],
    ['a sequence id above 2^53', entryOf('10 8080808080808010', Buffer.alloc(0)), 'above 2^53'],
    [
      'a number as the name of the producer',
      entryOf(`08 01 10 07`, Buffer.alloc(0)),
      'field 1 of the metadata',
    ],
    ['a batch of no messages', batch('00'), "can't have 0 messages"],
    ['a batch of −1 messages', batch('ffffffffffffffffff01'), "can't have -1 messages"],
    [
      'more messages than bytes',
      batch('ffffffff07', single('18 00')),
      "can't have 2147483647 messages in 6 bytes",
    ],
    ['fewer messages than it says', batch('02', single('18 08', '12345678')), 'ends within message 1 of 2'],
    [
      'more messages than it says',
      batch('01', single('18 00'), single('18 00')),
      'bytes follow the last message',
    ],
    [
      'metadata of a message that pass the end',
      batch('01', hex('00000009 18 00')),
      'the metadata of message 0 pass',
    ],
    [
      'a payload that passes the end',
      batch('01', single('18 05', 'abcd')),
      'the payload of message 0 passes',
    ],
    [
      'a payload of −1 bytes',
      batch('01', single('18 ffffffffffffffffff01')),
      'the payload of message 0 has no possible size',
    ],
    ['no size of a payload', batch('01', single('20 00')), 'the payload of message 0 has no possible size'],
    [
      'a size of a payload that is cut off',
      batch('01', single('18 80', 'a')),
      'the payload of message 0 has no possible size',
    ],
    [
      'a property that passes the end',
      batch('01', single('0a 09 0a 01 6b 12 01 76 18 00')),
      'a property passes',
    ],
    ['a property whose length has no end', batch('01', single(`0a ${'ff'.repeat(9)}`)), 'a property passes'],
    ['a property without value', batch('01', single('0a 03 0a 01 6b 18 00')), 'lacks its key or its value'],
    ['a property without key', batch('01', single('0a 03 12 01 6b 18 00')), 'lacks its key or its value'],
    [
      'a key that passes its property',
      batch('01', single('0a 06 0a 09 6b 12 01 76 18 00')),
      "a property can't be read",
    ],
    ['a key that is not UTF-8', batch('01', single('0a 06 0a 01 ff 12 01 76 18 00')), 'not UTF-8'],
    ['a value that is not UTF-8', batch('01', single('0a 06 0a 01 6b 12 01 c3 18 00')), 'not UTF-8'],
    [
      'fields that are cut off',
      batch('01', single('18 00 12 05 61')),
      "the metadata of a message can't be read",
    ],
    [
      'compressed bytes that are none',
      entryOf(`${HEAD} 40 02 48 09 ${count('01')}`, hex('0011223344')),
      'decompressed with ZLIB: ',
    ],
  ])('%s', (_, bytes, what) => {
    const entry = decode(bytes)
    expect(entry.count).toBeGreaterThanOrEqual(1)
    expect(() => entry.records()).toThrow(
      expect.objectContaining({
        code: 'WAL_CORRUPT',
        message: expect.stringMatching(/^topic "persistent:\/\/public\/default\/orders", entry 14:3: ./),
      }),
    )
    expect(() => entry.records()).toThrow(what)
  })
})

test('numbers in more bytes than they need are read', () => {
  const message = single('0a 8800 0a 8100 6b 12 8100 76 18 8200', 'hi')
  expect(shown(entryOf(`${HEAD} ${count('8100')}`, message))).toEqual([['14:3:0', 'hi', 'k', 'v']])
})
