import type { Batch, WireMessage } from '@wal/walimpls'
import * as walimpls from '@wal/walimpls'

/** A batch of records whose payloads are `texts`, each followed by `padding` bytes. */
export function batchOf(sequence: number, texts: readonly string[], padding = 0): Batch {
  const messages = texts.map((text) => ({
    payload: Buffer.concat([Buffer.from(text), Buffer.alloc(padding, 0x2e)]),
    properties: ['kind', 'test', 'text', text],
  }))
  return walimpls.batchOf(sequence, messages)
}

/** The text of a record. Throws when payload and properties do not agree. */
export function textOf({ payload, properties }: WireMessage): string {
  const text = Buffer.from(payload).toString().replace(/\.*$/, '')
  if (properties[3] !== text) throw new Error(`payload says ${text}, properties say ${properties[3]}`)
  return text
}
