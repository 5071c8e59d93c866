const records = (name) => `packages/impl-pulsar/src/records/${name}`
const decoder = records('entry-decoder.ts')
const metadata = records('entry-metadata.ts')
const properties = records('property-reader.ts')
const ids = records('message-ids.ts')

const DECODED = records('entry-decoder.test.ts')
const ROUND_TRIP = records('entry.test.ts')
const IDS = records('message-ids.test.ts')

const group = (harness, mutants) =>
  mutants.map(([name, file, find, replace]) => ({ name: `pulsar: ${name}`, file, find, replace, harness }))

export const pulsarRecordsMutants = [
  ...group(IDS, [
    ['an id has a second text', ids, 'if (textOf(id) !== text) id.text = text', 'id.text = `${text} `'],
    ['the id of another client loses its text', ids, 'if (textOf(id) !== text) id.text = text', ''],
    ['packed ids lose the texts of other clients', ids, ' || id.text !== undefined)', ')'],
    ['packed ids take any indexes for a run', ids, ' || id.index !== first + i', ''],
    [
      'an id of a partition is one of ours',
      ids,
      'if (partition !== -1 && partition !== 0) throw badText(text)',
      '',
    ],
    [
      'an id loses the lowest bits of its ledger',
      ids,
      'value >= 0 && Number.isSafeInteger(value)',
      'value >= 0',
    ],
    [
      'a text with other base64 is the same id',
      ids,
      "bytes.length === 0 || bytes.toString('base64') !== text",
      'bytes.length === 0',
    ],
    [
      'the first record of any entry follows',
      ids,
      'id.entry === before.entry + 1 && id.index === 0',
      'id.index === 0',
    ],
    ['an entry of another ledger follows', ids, 'if (id.ledger !== before.ledger) return false', ''],
  ]),
  ...group(DECODED, [
    [
      'a chunk is delivered as a message',
      metadata,
      'if (reader.int32() > 1)',
      'if (reader.int32() > 2 ** 31)',
    ],
    ['an encrypted entry is delivered', metadata, "fields.refused = 'it is encrypted'", ''],
    [
      'an entry of a transaction is delivered',
      metadata,
      "fields.refused = 'it belongs to a transaction'",
      '',
    ],
    ['a marker of the broker is a record', decoder, 'if (metadata.marker) return []', ''],
    [
      'a message that compaction removed is delivered',
      decoder,
      'if (!compactedOut)',
      'if (payloadSize >= 0)',
    ],
    [
      'an entry has room for any number of messages',
      decoder,
      'if (batchSize < 1 || batchSize * SMALLEST_MESSAGE > room)',
      'if (batchSize < 1)',
    ],
    [
      'a payload is as large as it says',
      decoder,
      'if (payloadEnd > bytes.length) throw',
      'if (payloadEnd > 2 ** 40) throw',
    ],
    [
      'bytes behind the last message are left out',
      decoder,
      "if (cursor.at !== bytes.length) throw new Damage('bytes follow",
      "if (cursor.at > bytes.length) throw new Damage('bytes follow",
    ],
    [
      'a damaged entry ends the reader before what lies in front of it is read',
      decoder,
      '    } catch (error) {\n      const records = () =>',
      '    } catch (error) {\n      if (bytes >= 0) throw error\n      const records = () =>',
    ],
    [
      'decompressed bytes may be more than the metadata say',
      records('decompress.ts'),
      'if (bytes.length !== uncompressedSize)',
      'if (bytes.length > uncompressedSize)',
    ],
    [
      'a payload is decompressed to any size',
      records('decompress.ts'),
      'if (uncompressedSize > MAX_DECOMPRESSED_BYTES)',
      'if (uncompressedSize > 2 ** 40)',
    ],
    ['a property passes the end of the metadata', properties, 'if (!(stop <= end))', 'if (stop < at)'],
    [
      'a property has two values',
      properties,
      'uncarried(withSingleKeys(this.#properties))',
      'uncarried(this.#properties)',
    ],
    [
      'a reader sees the property of the native client',
      properties,
      'uncarried(withSingleKeys(this.#properties))',
      'withSingleKeys(this.#properties)',
    ],
    [
      'a reserved property is taken for the one of the message before',
      properties,
      '!this.#sameKeys && properties.includes(CARRIED) ? NONE : properties',
      'properties.includes(CARRIED) ? properties : properties',
    ],
    [
      'a property that is not UTF-8 is delivered with other characters',
      properties,
      'if (text === undefined) throw',
      'if (text === undefined && start > end) throw',
    ],
    [
      'every text is decoded again',
      properties,
      'known !== undefined && known.length === valueLength',
      'known === null && known.length === valueLength',
    ],
  ]),
  ...group(ROUND_TRIP, [
    [
      'a long property passes the end of the output',
      records('entry-encoder.ts'),
      'if (at + length + PROPERTY_FRAMING > bytes.length)',
      'if (at + length + PROPERTY_FRAMING > 2 ** 40)',
    ],
    [
      'the length of a long property takes one byte',
      records('entry-encoder.ts'),
      'if (length < 126)',
      'if (length < 128)',
    ],
    [
      'an entry is larger than was told',
      records('entry-encoder.ts'),
      'const STAMP_BYTES = 9 + 8',
      'const STAMP_BYTES = 2 + 2',
    ],
  ]),
]
