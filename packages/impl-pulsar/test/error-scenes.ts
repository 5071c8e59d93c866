import { randomBytes } from 'node:crypto'
import { createCertificates, type PulsarServer, startPulsar } from '@wal/brokers'
import { batchOf, type OpenerImpls, type ReadOnlyWALImpls, type WALImpls } from '@wal/walimpls'
import { afterAll, beforeAll, onTestFinished } from 'vitest'
import type { PulsarOptions } from '../src/driver/options.js'
import type { PulsarId } from '../src/records/message-id.js'
import { buildOpener, scan, TestWriter, textsOf } from './scene.js'

/** The brokers, roles and logs with which the cases of the page of errors are brought about. */

export let pulsar: PulsarServer
beforeAll(async () => {
  pulsar = await startPulsar({
    tokenKey: 'hmac',
    superUsers: ['owner'],
    config: {
      managedLedgerMaxEntriesPerLedger: 2,
      managedLedgerMinLedgerRolloverTimeMinutes: 0,
      backlogQuotaCheckIntervalInSeconds: 1,
    },
  })
}, 300_000)
export const tls = once(async () => {
  const certificates = await createCertificates()
  return { certificates, second: await startPulsar({ tls: certificates }) }
})
export const lost = once(setBack)
afterAll(async () => {
  await pulsar.stop()
  await (await tls()).second.stop()
}, 120_000)

export const at = (server = pulsar) => [`${server.host}:${server.port}`]

/** The options of a role that may do everything. */
export const owner = (): PulsarOptions => ({ hosts: at(), token: pulsar.token('owner') })

/** Openers of one channel, closed at the end of the test. */
export class Scene {
  readonly channel = `test-${randomBytes(6).toString('hex')}`
  readonly #openers: OpenerImpls<PulsarId>[] = []
  readonly #options: PulsarOptions

  constructor(options: PulsarOptions) {
    this.#options = { driver: 'protocol', requestTimeoutMs: 5_000, ...options }
  }

  get topic(): string {
    return `persistent://public/default/${this.channel}`
  }

  async opener(): Promise<OpenerImpls<PulsarId>> {
    const opener = await buildOpener(this.#options)
    this.#openers.push(opener)
    return opener
  }

  /** A writer that has stored its opening record, and so holds the fence. */
  async writer(term = 1): Promise<TestWriter> {
    return TestWriter.open(await this.opener(), this.channel, term)
  }

  async reader() {
    return (await this.opener()).openReadOnly(this.channel)
  }

  async close(): Promise<void> {
    for (const opener of this.#openers) await opener.close()
  }
}

export const scene = (options: PulsarOptions = owner()): Scene => {
  const made = new Scene(options)
  onTestFinished(() => made.close())
  return made
}

/** A log of some records, and a reader that has given out all of them. */
export async function tailing(log = scene()) {
  const writer = await log.writer()
  const ids: PulsarId[] = []
  for (const text of ['a', 'b', 'c', 'd', 'e']) ids.push(...(await writer.append(text)))
  const reader = await log.reader()
  const scanner = scan(reader)
  while ((await scanner.next())?.length !== 0);
  return { log, writer, ids, reader, scanner }
}

/** Connects by these options, until the first error. */
export async function connect(options: PulsarOptions): Promise<void> {
  const opener = await buildOpener({ driver: 'protocol', requestTimeoutMs: 5_000, ...options })
  try {
    await opener.list?.()
  } finally {
    await opener.close()
  }
}

/** Appends the first message of a writer, with these properties. */
export function append(wal: WALImpls<PulsarId>, properties: readonly string[] = []): Promise<unknown> {
  return wal.append(batchOf(0, [{ payload: Buffer.alloc(0), properties: [...properties] }]))
}

/** The texts of all records from this one on. */
export async function readFrom(
  wal: Pick<ReadOnlyWALImpls<PulsarId>, 'read'>,
  from: PulsarId,
): Promise<string[]> {
  const scanner = scan(wal, { from })
  const all: string[] = []
  try {
    for (let batch = await scanner.next(); batch?.length; batch = await scanner.next())
      all.push(...textsOf(batch))
    return all
  } finally {
    await scanner.close()
  }
}

/** Waits until a call fails, and rejects with its error. */
export async function untilRefused(call: () => Promise<unknown>): Promise<never> {
  for (;;) {
    await call()
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/** Waits until the broker has removed the ledger of a record that was truncated. */
export async function freed(channel: string, { ledger }: PulsarId): Promise<void> {
  const isKept = async () => {
    const { ledgers } = await pulsar.admin.internalStats(channel)
    return ledgers.some(({ ledgerId }) => ledgerId === ledger)
  }
  do await pulsar.admin.trim(channel)
  while (await isKept())
}

/**
 * A second broker, with TLS, which is set back to an older copy of its data. Answers what a writer, and a reader that comes back
 * to a record that is lost, do then.
 */
async function setBack() {
  const { second, certificates } = await tls()
  const options: PulsarOptions = {
    hosts: at(second),
    tls: true,
    tlsOptions: { ca: certificates.authority },
    requestTimeoutMs: 20_000,
  }
  const log = new Scene(options)
  try {
    const writer = await log.writer()
    await writer.append('kept')
    const saved = await second.saveData()
    const ids: PulsarId[] = []
    for (const text of ['a', 'b', 'c']) ids.push(...(await writer.append(text)))
    await saved.putBack()
    const writing = await failureOf(() => untilRefused(() => writer.append('late')))
    const reader = await log.reader()
    const reading = await failureOf(() => readFrom(reader, ids[2] as PulsarId))
    return { writing, reading }
  } finally {
    await log.close()
  }
}

const failureOf = (run: () => Promise<unknown>): Promise<unknown> => run().catch((error: unknown) => error)

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    made ??= make()
    return made
  }
}
