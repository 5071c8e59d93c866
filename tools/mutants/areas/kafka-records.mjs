const records = (name) => `packages/impl-kafka/src/records/${name}`
const protocol = (name) => `packages/impl-kafka/src/protocol/${name}`
const decoder = records('batch-decoder.ts')
const encoder = records('batch-encoder.ts')
const decoded = records('batch-decoder.test.ts')
const encoded = records('batch-encoder.test.ts')
const compression = (name) => `packages/walimpls/src/helper/compression/${name}`
const compressed = compression('codecs.test.ts')
const wire = protocol('wire.test.ts')

export const kafkaRecordsMutants = [
  {
    name: 'kafka: a batch with a wrong check sum is read',
    file: decoder,
    find: '!== crcOf(records, header))',
    replace: '=== -1)',
    harness: decoded,
  },
  {
    name: 'kafka: records before a damaged one are lost with it',
    file: decoder,
    find: 'if (result.messages.length === 0) throw error',
    replace: 'throw error',
    harness: decoded,
  },
  {
    name: 'kafka: records of an aborted transaction are delivered',
    file: decoder,
    find: '} else if (!hidden && header.lastOffset >= from)',
    replace: '} else if (header.lastOffset >= from)',
    harness: decoded,
  },
  {
    name: 'kafka: an aborted transaction never ends',
    file: decoder,
    find: 'if (this.#isAbort(records, header)) transactions.ended(header.producerId)',
    replace: 'this.#isAbort(records, header)',
    harness: decoded,
  },
  {
    name: 'kafka: the commit of one transaction ends an aborted one',
    file: decoder,
    find: 'if (this.#isAbort(records, header)) transactions.ended(header.producerId)',
    replace: 'for (const { producerId } of aborted) transactions.ended(producerId)',
    harness: decoded,
  },
  {
    name: 'kafka: a plain batch of a producer with an aborted transaction is hidden',
    file: records('aborted-transactions.ts'),
    find: 'return transactional && this.#open.has(producerId)',
    replace: 'return this.#open.has(producerId)',
    harness: decoded,
  },
  {
    name: 'kafka: records below the offset asked for are delivered',
    file: decoder,
    find: '      if (offset < result.next) {\n',
    replace: '      if (offset < 0) {\n',
    harness: decoded,
  },
  {
    name: 'kafka: the offsets that compaction removed at the end of a batch are asked for again',
    file: decoder,
    find: 'behind = header.lastOffset + 1',
    replace: 'behind = header.baseOffset + header.count',
    harness: decoded,
  },
  {
    name: 'kafka: two records have one offset',
    file: decoder,
    find: 'if (!(offset > before && offset <= lastOffset))',
    replace: 'if (!(offset >= baseOffset && offset <= lastOffset))',
    harness: decoded,
  },
  {
    name: 'kafka: a property has two values',
    file: records('property-reader.ts'),
    find: 'const single = sameKeys ? properties : withSingleKeys(properties)',
    replace: 'const single = properties',
    harness: decoded,
  },
  {
    name: 'kafka: a header that is not UTF-8 is delivered with other characters',
    file: 'packages/walimpls/src/message/read-text.ts',
    find: 'if (text.includes(REPLACEMENT) && !',
    replace: 'if (text === REPLACEMENT && text !== REPLACEMENT && !',
    harness: decoded,
  },
  {
    name: 'kafka: a batch under another stamp keeps the check sum',
    file: encoder,
    find: 'const crc = batch.readUInt32BE(CRC) ^ crcOfChange(difference, bytes.length - RECORD_COUNT)',
    replace: 'const crc = batch.readUInt32BE(CRC) ^ crcOfChange(difference, 0)',
    harness: encoded,
  },
  {
    name: 'kafka: another stamp changes the batch that is in the socket',
    file: encoder,
    find: 'const bytes = Buffer.from(batch)',
    replace: 'const bytes = batch',
    harness: encoded,
  },
  {
    name: 'kafka: a long record has a length of two bytes',
    file: encoder,
    find: 'if (length >= 64 && length < 8192) {',
    replace: 'if (length >= 64 && length < 16_384) {',
    harness: decoded,
  },
  {
    name: 'kafka: decompressed records are larger than the limit',
    file: compression('bounded-output.ts'),
    find: 'if (needed > this.#maxBytes) throw',
    replace: 'if (needed > 2 ** 40) throw',
    harness: 'packages/impl-kafka/test/java-batches.test.ts',
  },
  {
    name: 'kafka: a block of zstd becomes as long as it says',
    file: compression('zstd-block.ts'),
    find: 'if (to.length - blockStart + literalLength + matchLength > LARGEST_BLOCK) throw tooLong()',
    replace: '',
    harness: 'packages/walimpls/test/zstd.test.ts',
  },
  {
    name: 'kafka: a distance behind no literals means the same as behind some',
    file: compression('zstd-block.ts'),
    find: 'const place = value - (literalLength > 0 ? 1 : 0)',
    replace: 'const place = value - 1',
    harness: 'packages/walimpls/test/zstd.test.ts',
  },
  {
    name: 'kafka: compressed bytes repeat what lies before their block',
    file: compression('bounded-output.ts'),
    find: 'if (distance < 1 || start < floor) throw',
    replace: 'if (distance < 1) throw',
    harness: compressed,
  },
  {
    name: 'kafka: an answer says how long a list is, whatever it holds',
    file: protocol('wire-reader.ts'),
    find: 'if (count * smallest > this.#end - this.#at)',
    replace: 'if (count < 0)',
    harness: wire,
  },
  {
    name: 'kafka: a tagged field is read past its end',
    file: protocol('wire-reader.ts'),
    find: '      this.#end = start + length\n',
    replace: '',
    harness: wire,
  },
  {
    name: 'kafka: an offset loses its lowest bits',
    file: protocol('wire-reader.ts'),
    find: 'if (high >= SAFE_HIGH || high < -SAFE_HIGH)',
    replace: 'if (high > SAFE_HIGH || high < -SAFE_HIGH)',
    harness: wire,
  },
  {
    name: 'kafka: metadata creates the topic that is missing',
    file: protocol('metadata.ts'),
    find: '      to.bool(false)\n      to.bool(false)\n',
    replace: '      to.bool(true)\n      to.bool(false)\n',
    harness: protocol('requests.test.ts'),
  },
]
