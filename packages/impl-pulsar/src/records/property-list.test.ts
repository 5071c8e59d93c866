import { batchOf } from '@wal/walimpls'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EntryDecoder } from './entry-decoder.js'
import { encodeMessages, headersAndPayload } from './entry-encoder.js'
import { PROPERTY_LIST_KEY, propertyListText } from './property-list.js'

const decoder = new EntryDecoder('orders')

test('the list in the reserved property takes the place of the properties beside it', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 20 })
  const list = fc
    .uniqueArray(fc.tuple(text, text), { selector: ([key]) => key, maxLength: 5 })
    .map((pairs) => pairs.flat())
  fc.assert(
    fc.property(list, (properties) => {
      const value = propertyListText(properties)
      expect(value).toMatch(/^[\w+/]*=*$/)
      const messages = [0, 1].map(() => ({
        payload: Buffer.alloc(0),
        properties: ['a', 'of the map', PROPERTY_LIST_KEY, value],
      }))
      const encoded = encodeMessages(batchOf(0, messages), { producer: 'p' })
      const bytes = Buffer.concat(headersAndPayload(encoded, { sequence: 0, publishTime: 0 }))
      const records = decoder.decode(bytes, { ledger: 1, entry: 1 }).records()
      expect(records.map((record) => record.properties)).toEqual([properties, properties])
    }),
  )
})
