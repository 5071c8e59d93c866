import { createCertificates, type KafkaServer, startKafka } from '@wal/brokers'
import { afterAll, beforeAll, onTestFinished } from 'vitest'
import type { KafkaOptions } from '../src/client/options.js'
import { produce } from './other-application.js'
import { buildOpener, Scene, scan } from './scene.js'

/** The brokers, users and logs with which the cases of the page of errors are brought about. */

const users = { owner: 'the-owners-secret', few: 'secret' }
export const owner = { user: 'owner', password: users.owner }
export const few = { user: 'few', password: users.few }

export let kafka: KafkaServer
beforeAll(async () => {
  kafka = await startKafka({
    sasl: { users, mechanisms: ['SCRAM-SHA-512', 'PLAIN'] },
    superUsers: ['owner'],
  })
}, 120_000)
export const tls = once(async () => {
  const certificates = await createCertificates()
  return { certificates, second: await startKafka({ tls: certificates }) }
})
export const lost = once(setBack)
afterAll(async () => {
  await kafka.stop()
  await (await tls()).second.stop()
})

export const at = (server = kafka) => [server.address]

export const scene = (options: Partial<KafkaOptions> = {}): Scene => {
  const made = new Scene({ hosts: at(), ...owner, requestTimeoutMs: 5_000, pollMs: 50, ...options })
  onTestFinished(() => made[Symbol.asyncDispose]())
  return made
}

/** A log of some records, and a reader that has given out all of them. */
export async function tailing() {
  const log = scene()
  const writer = await log.writer()
  const ids = await writer.append('a', 'b', 'c')
  const scanner = scan(await log.reader())
  while ((await scanner.next())?.length !== 0);
  return { log, writer, ids, scanner }
}

/** Connects by these options, until the first error. */
export async function connect(options: KafkaOptions): Promise<void> {
  const opener = await buildOpener({ requestTimeoutMs: 5_000, ...options })
  await opener.close()
}

/** What the user `few` may do with a channel, so that one thing is missing for a writer. */
export const allow = (
  channel: string,
  ...operations: readonly ('create' | 'describe' | 'read' | 'write')[]
) => kafka.addAcls({ user: 'few', resource: 'topic', name: channel, operations })

/**
 * A second broker, with TLS, which is set back to an older copy of its data. Answers what the writers of two logs do then: of
 * the first the copy has no record, and of the second one, behind which another application has written since.
 */
async function setBack() {
  const { second, certificates } = await tls()
  const options = {
    hosts: at(second),
    requestTimeoutMs: 20_000,
    kafka: { ssl: { ca: certificates.authority } },
  }
  const [empty, opened] = [new Scene(options), new Scene(options)]
  try {
    await empty.unfencedWriter()
    await opened.writer()
    const saved = await second.saveData()
    const writers = [await empty.writer(), await opened.writer(2)] as const
    for (const writer of writers) for (const text of ['a', 'b']) await writer.append(text)
    await saved.putBack()
    await produce(second, opened.channel, { values: ['x', 'y', 'z'] })
    const [first, last] = await Promise.all(writers.map((writer) => failureOf(() => writer.append('c'))))
    return { first, last }
  } finally {
    await empty[Symbol.asyncDispose]()
    await opened[Symbol.asyncDispose]()
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
