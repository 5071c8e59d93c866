import { CallFailure } from '@wal/walimpls/helper'
import { mutatedBytes, seededRandom } from '@wal/walimpls/testing'
import { describe, expect, test } from 'vitest'
import { PulsarError } from '../../src/driver/pulsar-error.js'
import { FrameSplitter } from '../../src/wire/frame-splitter.js'
import { readEntry, readFrame } from '../../src/wire/frames.js'
import { MalformedFrame } from '../../src/wire/malformed-frame.js'
import { openReader, storedEntry, turns } from '../scripted/driver-helpers.js'
import { ScriptedBroker } from '../scripted/scripted-broker.js'
import { answerFrame } from '../scripted/scripted-socket.js'

const SEED = Number(process.env.WAL_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31))
const MUTATIONS = Number(process.env.WAL_TEST_MUTATIONS ?? 5_000)
/** Each of these makes a connection, which costs more than a frame alone. */
const CONNECTIONS = Math.ceil(MUTATIONS / 50)
const timeout = 60_000 + MUTATIONS
const LARGEST = 200_000

const place = { ledger: 3, entry: 4 }
const FRAMES = [
  answerFrame('connected', {
    ...{ serverVersion: 'a broker', protocolVersion: 21, maxMessageBytes: 100_000 },
    features: { authRefresh: true, metadataWithoutCreation: true },
  }),
  answerFrame('sendReceipt', { producerId: 1, sequence: 7, place }),
  answerFrame('sendError', { producerId: 1, sequence: 7, error: 9, message: 'check sum' }),
  answerFrame('message', { consumerId: 1, place }, storedEntry('hello'.repeat(20))),
  answerFrame('error', { requestId: 3, error: 6, message: 'not ready' }),
  answerFrame('producerSuccess', { requestId: 3, name: 'wal-writer', lastSequence: 8, topicEpoch: 2 }),
  answerFrame('lookupResponse', { requestId: 3, outcome: 1, url: 'pulsar://one:6650', authoritative: true }),
  answerFrame('lastMessageIdResponse', { requestId: 3, last: place, markDeleted: place }),
  answerFrame('topicsOfNamespaceResponse', { requestId: 3, topics: ['persistent://a/b/c', 'd', 'e'] }),
  answerFrame('authChallenge', { challenge: { method: 'token', data: Buffer.from('refresh') } }),
  answerFrame('consumerClosed', { consumerId: 1, url: 'pulsar://two:6650' }),
] as const

describe(`${MUTATIONS} mutated frames, WAL_TEST_SEED=${SEED}`, () => {
  test('a frame is read, or refused as malformed, whatever size it claims', { timeout }, () => {
    const random = seededRandom(SEED)
    let read = 0
    let refused = 0
    for (let i = 0; i < MUTATIONS; i++) {
      const frame = FRAMES[Math.floor(random() * FRAMES.length)] as Buffer
      const splitter = new FrameSplitter(LARGEST)
      try {
        splitter.add(mutatedBytes(Buffer.from(frame), random), (whole) => {
          expect(whole.length).toBeLessThanOrEqual(LARGEST)
          const { received, behind } = readFrame(whole)
          if (received?.name === 'message') readEntry(behind)
          read++
          return true
        })
      } catch (error) {
        if (!(error instanceof MalformedFrame)) throw error
        refused++
      }
    }
    expect(Math.min(read, refused)).toBeGreaterThan(MUTATIONS / 50)
  })

  test('a connection gives what it gets, or ends with an error of the driver', { timeout }, async () => {
    const random = seededRandom(SEED + 1)
    let ended = 0
    for (let i = 0; i < CONNECTIONS; i++) {
      const broker = new ScriptedBroker(i)
      const driver = broker.driver()
      const { endings } = await openReader(driver)
      const frame = FRAMES[Math.floor(random() * FRAMES.length)] as Buffer
      broker.socketOf('subscribe').receive(mutatedBytes(Buffer.from(frame), random))
      await turns(2)
      for (const error of endings)
        expect(error instanceof CallFailure || error instanceof PulsarError || error).toBe(true)
      ended += endings.length
      await driver.close()
      expect(broker.open).toEqual([])
    }
    expect(ended).toBeGreaterThan(0)
  })
})
