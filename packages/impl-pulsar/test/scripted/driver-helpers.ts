import { batchOf } from '@wal/walimpls'
import { crc32cOf } from '@wal/walimpls/helper'
import type { EntryProducer, ProducerOptions, ReaderOptions } from '../../src/driver/pulsar-driver.js'
import type { ProtocolDriver } from '../../src/protocol/protocol-driver.js'
import { encodeMessages, headersAndPayload } from '../../src/records/entry-encoder.js'
import { TOPIC } from './scripted-broker.js'

export const oneRecord = (payload: string) =>
  batchOf(0, [{ payload: Buffer.from(payload), properties: ['a', 'b'] }])

export interface Opened<T> {
  readonly made: T
  readonly endings: unknown[]
}

export async function openProducer(
  driver: ProtocolDriver,
  access: ProducerOptions['access'] = 'fencing',
): Promise<Opened<EntryProducer>> {
  const endings: unknown[] = []
  const ended = (error: unknown) => endings.push(error)
  return { made: await driver.producer(TOPIC, { access, name: 'wal-test', ended }), endings }
}

export async function openReader(driver: ProtocolDriver, options: Partial<ReaderOptions> = {}) {
  const endings: unknown[] = []
  const ended = (error: unknown) => endings.push(error)
  const all = { start: 'earliest' as const, entry: () => {}, ended, ...options }
  return { made: await driver.reader(TOPIC, all), endings }
}

/** What stands behind the command of a message: an entry of one record, with its check sum in front. */
export function storedEntry(payload: string, sequence = 0): Buffer {
  const encoded = encodeMessages(oneRecord(payload), { producer: 'wal-test' })
  const pieces = headersAndPayload(encoded, { sequence, publishTime: 1 })
  const head = Buffer.from([0x0e, 0x01, 0, 0, 0, 0])
  head.writeUInt32BE(crc32cOf(pieces), 2)
  return Buffer.concat([head, ...pieces])
}

/** Lets everything run that needs no time. */
export async function turns(count = 10): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
}

/** How a promise settles: its value, or the text of its error. */
export function outcomeOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => value ?? 'done',
    (error: Error) => error.message,
  )
}
