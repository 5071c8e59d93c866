import assert from 'node:assert/strict'
import type { Batch, MessageId, OpenerImpls, WALImpls, WireMessage, Writer } from '@wal/walimpls'
import { batchOf, systemRuntime } from '@wal/walimpls'

export { batchOf }

/** A backend's log that is open for writing. Its batches are numbered one after another, as `@wal/core` numbers them. */
export interface TestWriter {
  readonly opener: OpenerImpls
  readonly wal: WALImpls
  readonly opening: MessageId
  batch(...messages: WireMessage[]): Batch
  append(...messages: WireMessage[]): Promise<readonly MessageId[]>
}

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
export const text = (payload: string, properties: readonly string[] = []): WireMessage => ({
  payload: bytesOf(payload),
  properties,
})
export const textOf = (message: { readonly payload: Uint8Array }): string =>
  new TextDecoder().decode(message.payload)
export const textsOf = (messages: readonly { readonly payload: Uint8Array }[]): string[] =>
  messages.map(textOf)
export const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => `${i}`)

/** Random text of lower-case letters and digits. */
export function randomName(): string {
  return Array.from({ length: 16 }, () => Math.floor(systemRuntime.random() * 36).toString(36)).join('')
}

export const writerOf = (term: number): Writer => ({ term, incarnation: randomName() })

/** Opens a log for writing and appends a first batch of one record, as `@wal/core` does with its opening record. */
export async function openWriter(opener: OpenerImpls, channel: string, writer: Writer): Promise<TestWriter> {
  const wal = await opener.open(channel, writer)
  let sequence = 0
  const batch = (...messages: WireMessage[]): Batch => {
    const made = batchOf(sequence, messages)
    sequence += messages.length
    return made
  }
  const [opening] = await wal.append(batch(text(`opening of term ${writer.term}`)))
  assert.ok(
    opening !== undefined,
    'append() of a batch of one record answered no id. It has to answer one id for each record.',
  )
  return { opener, wal, opening, batch, append: (...messages) => wal.append(batch(...messages)) }
}
