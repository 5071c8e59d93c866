import { randomBytes } from 'node:crypto'
import {
  batchOf,
  type OpenerImpls,
  type ReadOnlyWALImpls,
  type StoredMessage,
  systemRuntime,
  type WALImpls,
} from '@wal/walimpls'
import { readOptions } from '@wal/walimpls/helper'
import { pulsarBuilder } from '../src/builder.js'
import { type FullPulsarOptions, optionTable, type PulsarOptions } from '../src/driver/options.js'
import type { PulsarId } from '../src/records/message-id.js'
import { withDriver } from './driver-under-test.js'

/** An opener of the backend, below the adaptor of core. */
export async function buildOpener(options: PulsarOptions): Promise<OpenerImpls<PulsarId>> {
  const full = readOptions<FullPulsarOptions>(optionTable, withDriver(options), 'backend "pulsar"')
  return pulsarBuilder.build(full, systemRuntime)
}

/** Gives each batch the sequence that core would give it. */
export class TestWriter {
  #sequence = 0

  private constructor(readonly wal: WALImpls<PulsarId>) {}

  /** A writer that has stored its opening record, and so holds the fence. */
  static async open(opener: OpenerImpls<PulsarId>, channel: string, term = 1): Promise<TestWriter> {
    const incarnation = randomBytes(6).toString('hex')
    const writer = new TestWriter(await opener.open(channel, { term, incarnation }))
    await writer.append('opening')
    return writer
  }

  append(...payloads: readonly (string | Buffer)[]): Promise<readonly PulsarId[]> {
    const messages = payloads.map((payload) => ({ payload: Buffer.from(payload), properties: [] }))
    const batch = batchOf(this.#sequence, messages)
    this.#sequence += messages.length
    return this.wal.append(batch)
  }
}

export const textsOf = (messages: readonly StoredMessage[]) =>
  messages.map(({ payload }) => Buffer.from(payload).toString())

export function scan(
  wal: Pick<ReadOnlyWALImpls<PulsarId>, 'read'>,
  start: 'oldest' | 'latest' | { from: PulsarId } = 'oldest',
  maxBytes = 1 << 20,
) {
  return wal.read({ start, maxBytes })
}

/** Everything up to the log's end. */
export async function readAll(
  wal: Pick<ReadOnlyWALImpls<PulsarId>, 'read'>,
  maxBytes?: number,
): Promise<StoredMessage<PulsarId>[]> {
  const scanner = scan(wal, 'oldest', maxBytes)
  const all: StoredMessage<PulsarId>[] = []
  try {
    for (let batch = await scanner.next(); batch?.length; batch = await scanner.next()) all.push(...batch)
    return all
  } finally {
    await scanner.close()
  }
}
