import { setTimeout as sleep } from 'node:timers/promises'
import { type PulsarPolicies, type PulsarServer, startPulsar } from '@wal/brokers'
import { openWal, type WAL } from '@wal/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pulsarBuilder } from '../src/builder.js'
import { withDriver } from './driver-under-test.js'

/** `npm run test:pulsar-idle:long` waits for three minutes. A broker with stock settings deletes an idle topic after one. */
const IDLE_SECONDS = Number(process.env.WAL_TEST_IDLE_SECONDS ?? 4)
/** Whether what a broker does once a minute happens while the log is idle. */
const isLong = IDLE_SECONDS >= 180
const RECORDS = 10
const START_TIMEOUT_MS = 900_000
const TIMEOUT_MS = (IDLE_SECONDS + 300) * 1_000
const KEPT = 'kept until truncated, or removed by hand'
const REMOVED = 'the broker removes records by itself'
/** The errors that tell a reader of removed records. A log without any record left is not the log that the position names. */
const TOLD = [
  'WAL_POSITION_TRUNCATED',
  'WAL_LOG_ROLLED_BACK',
  'WAL_POSITION_MISMATCH',
  'WAL_CHANNEL_NOT_FOUND',
]

const say = (text: string) => console.log(`after ${IDLE_SECONDS} s without a client: ${text}`)

/** A log on a broker, in a namespace. */
class Log {
  readonly texts: string[] = []
  readonly positions: string[] = []
  /** What the guarantees said, and what the logger was told, when the log was opened for the first time. */
  retention = ''
  warnings: readonly string[] = []
  readonly logged: string[] = []
  readonly topic: string

  private constructor(
    readonly pulsar: PulsarServer,
    readonly namespace: string,
    readonly channel: string,
  ) {
    this.topic = `${namespace}/${channel}`
  }

  /** Writes a log that nobody has open afterwards. */
  static async abandoned(pulsar: PulsarServer, channel: string, namespace = 'public/default'): Promise<Log> {
    const log = new Log(pulsar, namespace, channel)
    await using wal = await log.open('rw')
    log.retention = wal.guarantees.retention
    log.warnings = wal.guarantees.warnings
    for (let i = 0; i < RECORDS; i++) await log.append(wal)
    return log
  }

  open(accessMode: 'ro' | 'rw') {
    const { pulsar, namespace, channel, logged } = this
    const hosts = [`${pulsar.host}:${pulsar.port}`]
    const ignore = () => {}
    return openWal('pulsar:', {
      ...{ builder: pulsarBuilder, channel, accessMode },
      backend: { ...withDriver({ hosts, adminUrl: pulsar.adminUrl, namespace }) },
      logger: { debug: ignore, info: ignore, error: ignore, warn: (_, text) => void logged.push(text) },
    }) as Promise<WAL>
  }

  async append(wal: Pick<WAL, 'append'>): Promise<void> {
    const text = `record ${this.texts.length}`
    this.texts.push(text)
    const { position } = await wal.append({ payload: Buffer.from(text) })
    this.positions.push(position)
  }

  /** The texts that a reader from the first acknowledged record on gets, or the code of its error. */
  async read(): Promise<readonly string[] | string | undefined> {
    const texts: string[] = []
    try {
      await using log = await this.open('ro')
      for await (const { payload } of log.read({ from: this.positions[0] as string, until: 'end' }))
        texts.push(Buffer.from(payload).toString())
      return texts
    } catch (error) {
      return (error as { code?: string }).code
    }
  }

  /** How many entries the broker keeps. */
  async entries(): Promise<number> {
    const { admin } = this.pulsar
    const exists = (await admin.topics(this.namespace)).includes(`persistent://${this.topic}`)
    return exists ? (await admin.internalStats(this.topic)).numberOfEntries : 0
  }

  /** Has the broker close the topic’s ledger, and remove what nothing keeps. The topic may be gone. */
  async unloadAndTrim(): Promise<void> {
    const { admin } = this.pulsar
    const unlessGone = (error: { status?: number }) => {
      if (error.status !== 404) throw error
    }
    await admin.unload(this.topic).catch(unlessGone)
    await admin.trim(this.topic).catch(unlessGone)
  }

  /** A writer that opens the log again finds nothing to warn of that was not there at first, and goes on. */
  async assertWhole(): Promise<void> {
    expect(await this.read()).toEqual(this.texts)
    await using wal = await this.open('rw')
    expect(wal.guarantees.warnings).toEqual(this.warnings)
    await this.append(wal)
    await wal.barrier()
    expect(await this.read()).toEqual(this.texts)
  }
}

/** Waits while no client has a connection to the broker. */
async function idle(pulsar: PulsarServer): Promise<void> {
  await expect.poll(() => pulsar.connections(), { timeout: 50_000 }).toBe(0)
  await sleep(IDLE_SECONDS * 1_000)
  expect(pulsar.connections()).toBe(0)
}

describe('on a broker with stock settings', () => {
  let pulsar: PulsarServer
  beforeAll(async () => {
    pulsar = await startPulsar()
  }, START_TIMEOUT_MS)
  afterAll(() => pulsar.stop())

  test(
    `a log that has neither writer nor readers for ${IDLE_SECONDS} s, is unloaded and trimmed, is whole`,
    async () => {
      const log = await Log.abandoned(pulsar, 'idle')
      expect(log.retention).toBe(KEPT)
      // Shows what the broker does to a topic that the subscription does not keep.
      const bare = await Log.abandoned(pulsar, 'bare')
      await pulsar.admin.request('DELETE', `persistent/${bare.topic}/subscription/wal-kept`)
      const [entries, bareEntries] = [await log.entries(), await bare.entries()]
      await idle(pulsar)
      const topics = await pulsar.admin.topics()
      await log.unloadAndTrim()
      await bare.unloadAndTrim()
      say(`the broker keeps ${await log.entries()} of ${entries} entries`)
      say(`without the subscription it keeps ${await bare.entries()} of ${bareEntries} entries`)
      expect(await bare.entries()).toBeLessThan(bareEntries)
      if (isLong) expect(topics).not.toContain(`persistent://${bare.topic}`)
      await log.assertWhole()
    },
    TIMEOUT_MS,
  )
})

describe('on a broker that looks often for what its policies remove', () => {
  let pulsar: PulsarServer
  beforeAll(async () => {
    const config = { brokerDeleteInactiveTopicsFrequencySeconds: 1, messageExpiryCheckIntervalInMinutes: 1 }
    pulsar = await startPulsar({ config })
  }, START_TIMEOUT_MS)
  afterAll(() => pulsar.stop())

  async function abandoned(name: string, policies: PulsarPolicies): Promise<Log> {
    const namespace = `public/${name}`
    await pulsar.admin.createNamespace(namespace, policies)
    return await Log.abandoned(pulsar, 'idle', namespace)
  }

  /** Does at once what the broker does every minute: it acknowledges messages that are older than the TTL. */
  async function sweep({ topic }: Log): Promise<void> {
    await pulsar.admin.request('POST', `persistent/${topic}/subscription/wal-kept/expireMessages/1`)
    await sleep(IDLE_SECONDS * 1_000)
  }

  test(
    `a log under a mode for inactive topics and a TTL is whole after ${IDLE_SECONDS} s, or its guarantees had said so`,
    async () => {
      const unused = { mode: 'delete_when_no_subscriptions', seconds: 1 } as const
      const caughtUp = { mode: 'delete_when_subscriptions_caught_up', seconds: 1 } as const
      const kept = await abandoned('unused', { inactiveTopics: unused })
      const warned = [
        await abandoned('caught-up', { inactiveTopics: caughtUp }),
        await abandoned('old', { inactiveTopics: unused, messageTtlSeconds: 1 }),
        await abandoned('caught-up-and-old', { inactiveTopics: caughtUp, messageTtlSeconds: 1 }),
      ]
      expect(kept.retention).toBe(KEPT)
      for (const { namespace, retention, warnings, logged } of warned) {
        expect(retention).toBe(REMOVED)
        if (namespace.includes('old')) expect(warnings).toContainEqual(expect.stringContaining('message TTL'))
        if (namespace.includes('caught-up'))
          expect(warnings).toContainEqual(expect.stringContaining('inactive-topic policy'))
        expect(logged).toEqual(expect.arrayContaining([...warnings]))
      }
      await idle(pulsar)
      if (!isLong) for (const log of warned) if (log.namespace.includes('old')) await sweep(log)
      for (const log of [kept, ...warned]) await log.unloadAndTrim()
      await kept.assertWhole()
      let lost = 0
      for (const log of warned) {
        const got = await log.read()
        const isWhole = JSON.stringify(got) === JSON.stringify(log.texts)
        say(`${log.namespace} is ${isWhole ? 'whole' : `not whole, as its guarantees said: ${got}`}`)
        if (isWhole) continue
        lost++
        expect(TOLD).toContain(got)
      }
      // A run in which the broker removed nothing would prove nothing about the warnings.
      expect(lost).toBeGreaterThan(0)
    },
    TIMEOUT_MS,
  )
})
