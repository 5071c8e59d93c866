import type { Batch, PropertyList, StoredMessage } from '@wal/walimpls'
import { corrupt } from '@wal/walimpls'
import { notWritten, textOf } from '@wal/walimpls/helper'
import type { EntryPlace, PreparedEntry } from '../driver/pulsar-driver.js'
import { carried, uncarried } from '../records/carried-properties.js'
import type { PulsarId } from '../records/message-id.js'
import type { AddonMessage, AddonMessageId, ProducerMessage } from './addon.js'

/** A batch as the messages that the addon is given, apart from their number. */
export interface NativeEntry extends PreparedEntry {
  readonly messages: readonly Omit<ProducerMessage, 'sequenceId'>[]
}

/** The most bytes of the metadata of an entry, without the name. */
const ENTRY_BYTES = 128
/** The most bytes of a message that are no payload and no property. */
const MESSAGE_BYTES = 32

/**
 * Encodes a batch. The name goes with the first message as its partition key, and so into the metadata of the entry: the client
 * stores every entry under the name by which the broker knows the producer, which all writers share.
 */
export function nativeEntry(batch: Batch, name: string, maxBytes: number): NativeEntry {
  let bytes = ENTRY_BYTES + 2 * Buffer.byteLength(name)
  const messages = batch.messages.map(({ payload, properties }, index) => {
    const list = carried(properties)
    bytes += MESSAGE_BYTES + payload.length + propertiesBytes(list)
    const message = {
      data: Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength),
      properties: asObject(list),
    }
    return index === 0 ? { ...message, partitionKey: name } : message
  })
  if (bytes > maxBytes)
    throw notWritten(
      'WAL_MESSAGE_TOO_LARGE',
      `A batch of ${batch.count} records takes ${bytes} bytes as a Pulsar message; the broker takes at most ${maxBytes} bytes (maxMessageSize).`,
    )
  return { count: batch.count, bytes, messages }
}

/** Tags, and lengths of up to five bytes each. */
const PROPERTY_BYTES = 3 + 15

function propertiesBytes(list: PropertyList): number {
  let bytes = 0
  for (let i = 0; i < list.length; i += 2) {
    const content = Buffer.byteLength(list[i] as string) + Buffer.byteLength(list[i + 1] as string)
    bytes += content + (content < 100 ? 6 : PROPERTY_BYTES)
  }
  return bytes
}

function asObject(list: PropertyList): { [key: string]: string } {
  // Without a prototype: the addon sends what an object inherits, too.
  const object: { [key: string]: string } = Object.create(null)
  for (let i = 0; i < list.length; i += 2) object[list[i] as string] = list[i + 1] as string
  return object
}

/** The place and index that the text of an id has; undefined for the id of a message that was not stored. */
export function placeOf(id: AddonMessageId): (EntryPlace & { readonly index: number }) | undefined {
  const [, ...fields] = /^\((-?\d+),(-?\d+),(-?\d+),(-?\d+)\)$/.exec(id.toString()) ?? []
  const [ledger = -1, entry = -1, , index = -1] = fields.map(Number)
  if (!Number.isSafeInteger(ledger) || ledger < 0 || entry < 0) return undefined
  return { ledger, entry, index: Math.max(index, 0) }
}

/** The record in a message. The payload was copied out of the addon before. */
export function storedMessage(message: AddonMessage, id: PulsarId, payload: Buffer): StoredMessage<PulsarId> {
  let properties: { [key: string]: string }
  try {
    properties = message.getProperties()
  } catch (error) {
    throw corrupt(
      `the entry ${id.ledger}:${id.entry}`,
      `The native client can't give out the properties of message ${id.index} (${textOf(error)}): it has none for a property called "length" that is no length. Read the log with driver=protocol.`,
      error,
    )
  }
  const list = Object.keys(properties).flatMap((key) => [key, properties[key] as string])
  return { id, payload, properties: uncarried(list) }
}
