import { pulsarBuilder } from '@wal/impl-pulsar'
import { batchOf, type OpenerImpls, systemRuntime, type WireMessage } from '@wal/walimpls'
import { readOptions } from '@wal/walimpls/helper'
import { payloadOf, timed } from './bench-case.js'
import type { PulsarBench } from './pulsar-bench.js'

type Opener = OpenerImpls<ReturnType<typeof pulsarBuilder.messageIds.parse>>
type Log = Awaited<ReturnType<Opener['open']>>

/** A writer of the Pulsar backend without core: batches of its own, in the form that core would give them. */
export class RawPulsarWriter {
  readonly #opener: Opener
  readonly #log: Log
  #sequence = 0

  private constructor(opener: Opener, log: Log) {
    this.#opener = opener
    this.#log = log
  }

  static async open(pulsar: PulsarBench, channel: string): Promise<RawPulsarWriter> {
    const opener = await openerOf(pulsar)
    const log = await opener.open(channel, { term: 1, incarnation: 'k3j9x2m7q1' })
    const writer = new RawPulsarWriter(opener, log)
    await writer.#send(0, 1)
    return writer
  }

  /** Appends messages in batches, so many of them at once. */
  async append(count: number, size: number, inFlight: number): Promise<void> {
    let next = 0
    const sender = async (): Promise<void> => {
      while (next < count) {
        const first = next
        next = Math.min(count, first + size)
        await this.#send(first, next - first)
      }
    }
    await Promise.all(Array.from({ length: inFlight }, sender))
  }

  async close(): Promise<void> {
    await this.#log.close()
    await this.#opener.close()
  }

  #send(first: number, count: number): Promise<unknown> {
    const messages = Array.from({ length: count }, (_, i) => message(first + i))
    const batch = batchOf(this.#sequence, messages)
    this.#sequence += count
    return this.#log.append(batch)
  }
}

/** Reads a log by a scanner of the backend, without core, and answers the milliseconds from the scanner's beginning to the log's end. */
export async function rawReplay(pulsar: PulsarBench, channel: string, count: number): Promise<number> {
  const opener = await openerOf(pulsar)
  const log = await opener.openReadOnly(channel)
  try {
    return await timed(async () => {
      const scanner = log.read({ start: 'oldest', maxBytes: 1 << 20 })
      let read = 0
      for (let batch = await scanner.next(); batch?.length; batch = await scanner.next()) read += batch.length
      await scanner.close()
      if (read < count) throw new Error(`only ${read} of ${count} were read`)
    })
  } finally {
    await log.close()
    await opener.close()
  }
}

async function openerOf({ brokerUrl }: PulsarBench): Promise<Opener> {
  const given = { hosts: [brokerUrl.replace('pulsar://', '')], driver: 'protocol' }
  const options = readOptions<never>(pulsarBuilder.options, given, 'backend "pulsar"')
  return (await pulsarBuilder.build(options, systemRuntime)) as Opener
}

function message(index: number): WireMessage {
  const tick = (2 ** 50 + index).toString(36)
  return {
    payload: payloadOf(index),
    properties: [
      ...['_v', '1', '_t', '1', '_tt', tick, '_wt', '1', '_wi', 'k3j9x2m7q1', '_vc', 'eu', '_lcs', ''],
      ...['kind', 'created'],
    ],
  }
}
