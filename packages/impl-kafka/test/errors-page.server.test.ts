import { openWal } from '@wal/core'
import { onTestFinished } from 'vitest'
import '../src/index.js'
import { badInput, type ErrorCase } from '../../../tools/errors-page/error-case.js'
import { testErrorsPage } from '../../../tools/errors-page/errors-page.js'
import { kafkaBuilder } from '../src/builder.js'
import { messageIds } from '../src/records/message-id.js'
import { allow, at, connect, few, kafka, lost, owner, scene, tailing, tls } from './error-scenes.js'
import { administer, produce } from './other-application.js'
import { readAll } from './scene.js'

const STATES: readonly ErrorCase[] = [
  {
    code: 'WAL_UNAVAILABLE',
    what: 'No broker listens there.',
    advice:
      'Look whether it runs, and whether the address is right. Opens, appends and readers try again by themselves.',
    make: () => connect({ hosts: ['127.0.0.1:1'] }),
  },
  {
    code: 'WAL_UNAVAILABLE',
    what: 'The broker does not answer.',
    advice: 'Look at its load and its log. Opens, appends and readers try again by themselves.',
    async make() {
      kafka.freeze()
      onTestFinished(() => kafka.thaw())
      await connect({ hosts: at(), ...owner, requestTimeoutMs: 1_000 })
    },
  },
  {
    code: 'WAL_UNAVAILABLE',
    what: 'The broker asks for a login.',
    advice: 'Give `user` and `password`, or `kafka: { sasl }`. No repetition mends it.',
    make: () => connect({ hosts: at() }),
  },
  {
    code: 'WAL_UNAVAILABLE',
    what: 'User or password is wrong.',
    advice: 'Give the right ones. No repetition mends it.',
    make: () => connect({ hosts: at(), user: 'owner', password: 'wrong' }),
  },
  {
    code: 'WAL_UNAVAILABLE',
    what: 'User or password is wrong, with the mechanism PLAIN.',
    advice: 'Give the right ones. No repetition mends it.',
    make: () => connect({ hosts: at(), user: 'owner', password: 'wrong', mechanism: 'plain' }),
  },
  {
    code: 'WAL_UNAVAILABLE',
    what: 'The broker does not take this SASL mechanism.',
    advice:
      'Give another `mechanism`, one of the broker’s `sasl.enabled.mechanisms`. No repetition mends it.',
    make: () => connect({ hosts: at(), ...owner, mechanism: 'scram-sha-256' }),
  },
  {
    code: 'WAL_UNAVAILABLE',
    what: 'TLS is spoken to a port that does not speak it.',
    advice: 'Leave TLS out, or take the broker’s other port.',
    make: () => connect({ hosts: at(), tls: true, requestTimeoutMs: 2_000 }),
  },
  {
    code: 'WAL_UNAVAILABLE',
    what: 'The port speaks TLS only.',
    advice: 'Take the scheme `kafkas` or the option `tls`.',
    make: async () => connect({ hosts: at((await tls()).second), requestTimeoutMs: 2_000 }),
  },
  {
    code: 'WAL_UNAVAILABLE',
    what: 'The broker’s certificate is signed by an authority that Node does not trust.',
    advice: 'Give the authority in `kafka: { ssl: { ca } }`. No repetition mends it.',
    async make() {
      await connect({ hosts: at((await tls()).second), tls: true })
    },
  },
  {
    code: 'WAL_UNAVAILABLE',
    what: 'The user may not know of the topic.',
    advice: 'Give the ACLs of the README.',
    make: () => scene(few).reader(),
  },
  {
    code: 'WAL_UNAVAILABLE',
    what: 'The user may not make topics.',
    advice: 'Give the ACLs of the README, or make the topic beforehand, with the settings of the README.',
    async make() {
      const log = scene(few)
      await allow(log.channel, 'describe')
      await log.writer()
    },
  },
  {
    code: 'WAL_UNAVAILABLE',
    what: 'The user may not use the transactional id, which is the fence.',
    advice: 'Give the ACLs of the README. There is no writer without a fence.',
    async make() {
      const log = scene(few)
      await allow(log.channel, 'create', 'describe', 'read', 'write')
      await log.writer()
    },
  },
  {
    code: 'WAL_UNAVAILABLE',
    what: 'A log is to have more copies than there are brokers.',
    advice: 'Lower `replicationFactor`, or add brokers.',
    make: () => scene({ replicationFactor: 3 }).writer(),
  },
  {
    code: 'WAL_INVALID_ARGUMENT',
    what: 'The topic has several partitions.',
    advice: 'Choose another channel.',
    async make() {
      const log = scene()
      await administer(kafka, (admin) =>
        admin.createTopics({ topics: [{ topic: log.channel, numPartitions: 3 }] }),
      )
      await log.writer()
    },
  },
  {
    code: 'WAL_INVALID_ARGUMENT',
    what: 'The topic is compacted.',
    advice: 'Set `cleanup.policy` of the topic to `delete`, or choose another channel.',
    async make() {
      const log = scene()
      const configEntries = [{ name: 'cleanup.policy', value: 'compact' }]
      await administer(kafka, (admin) =>
        admin.createTopics({ topics: [{ topic: log.channel, configEntries }] }),
      )
      await log.writer()
    },
  },
  {
    code: 'WAL_INVALID_ARGUMENT',
    what: 'The topic takes batches of a few bytes only.',
    advice: 'Raise `max.message.bytes` of the topic, or choose another channel.',
    async make() {
      const log = scene()
      const configEntries = [{ name: 'max.message.bytes', value: '100' }]
      await administer(kafka, (admin) =>
        admin.createTopics({ topics: [{ topic: log.channel, configEntries }] }),
      )
      await log.writer()
    },
  },
  {
    code: 'WAL_FENCED',
    what: 'A newer writer opened the channel.',
    advice: 'Stop being the writer. Two processes that open at `next` in a loop fence each other forever.',
    async make() {
      const log = scene()
      const older = await log.writer(1)
      await log.writer(2)
      await older.append('late')
    },
  },
  {
    code: 'WAL_MESSAGE_TOO_LARGE',
    what: 'The record is larger than the topic’s `max.message.bytes`. It is not written.',
    advice: 'Store the object elsewhere, and append where it is.',
    make: () =>
      scene()
        .writer()
        .then((writer) => writer.append('x'.repeat(17 << 20))),
  },
  {
    code: 'WAL_MESSAGE_TOO_LARGE',
    what: 'The record is larger than that in Kafka’s form, which adds a length to each key and value of its properties.',
    advice: 'Use fewer and longer properties, or put them into the payload.',
    async make() {
      const writer = await scene({ maxMessageBytes: 64 * 1024 }).writer()
      const properties = Array.from({ length: 50_000 }, (_, i) => String.fromCodePoint(0x61 + (i % 26)))
      await writer.appendMessage({ payload: Buffer.alloc(0), properties })
    },
  },
  {
    code: 'WAL_MESSAGE_TOO_LARGE',
    what: 'Somebody lowered `max.message.bytes` of the topic under its writer.',
    advice: 'Raise it again, or open the log again, which then knows the new limit.',
    async make() {
      const log = scene()
      const writer = await log.writer()
      const configEntries = [{ name: 'max.message.bytes', value: '1000' }]
      await administer(kafka, (admin) =>
        admin.alterConfigs({
          validateOnly: false,
          resources: [{ type: 2, name: log.channel, configEntries }],
        }),
      )
      await writer.append('x'.repeat(10_000))
    },
  },
  {
    code: 'WAL_LOG_ROLLED_BACK',
    what: 'The log lost its end under a reader, or before it came back.',
    advice:
      'Find out what is lost: `error.known` is the last position that was known. Then `read({ from: error.resumeAt })`.',
    async make() {
      const { log } = await tailing()
      await readAll(await log.reader(), { from: messageIds.of(100) })
    },
  },
  {
    code: 'WAL_LOG_ROLLED_BACK',
    what: 'A broker was set back to an older copy of its data under the writer.',
    advice: 'Stop being the writer, and find out what is lost.',
    async make() {
      throw (await lost()).first
    },
  },
  {
    code: 'WAL_LOG_ROLLED_BACK',
    what: 'The same, and another application wrote into the topic since.',
    advice: 'Stop being the writer, and find out what is lost.',
    async make() {
      throw (await lost()).last
    },
  },
  {
    code: 'WAL_POSITION_TRUNCATED',
    what: 'Records were truncated, or removed by the topic’s retention or by hand.',
    advice: 'Go on with `read({ from: error.oldest })`, or ask for gaps with `gaps: "deliver"`.',
    async make() {
      const { log, writer, ids } = await tailing()
      await writer.wal.truncate(ids[2] as never)
      await readAll(await log.reader(), { from: ids[0] as never })
    },
  },
  {
    code: 'WAL_POSITION_TRUNCATED',
    what: 'Every record was removed by others. (A truncation keeps the last one.)',
    advice: 'Find out who did. A writer may go on with the log.',
    async make() {
      const { log } = await tailing()
      await administer(kafka, async (admin) => {
        // Without this call kafkajs does not know the broker that leads the topic.
        await admin.fetchTopicOffsets(log.channel)
        await admin.deleteTopicRecords({
          topic: log.channel,
          partitions: [{ partition: 0, offset: '-1' }],
        })
      })
      await (await log.reader()).last()
    },
  },
  {
    code: 'WAL_CHANNEL_NOT_FOUND',
    what: 'Nobody has opened the channel for writing yet, or its name is misspelt.',
    advice: 'A reader that may come before the writer tries again.',
    make: () => scene().reader(),
  },
  {
    code: 'WAL_CHANNEL_NOT_FOUND',
    what: 'The topic was deleted under a reader or a writer.',
    advice: 'End the reader or the writer, or open the channel again once there is a new log.',
    async make() {
      const { log, scanner } = await tailing()
      await (await log.opener()).delete(log.channel)
      for (;;) await scanner.next()
    },
  },
  {
    code: 'WAL_CHANNEL_NOT_FOUND',
    what: 'The topic was deleted, and another one of its name was made.',
    advice: 'Open the channel again for the new log.',
    async make() {
      const { log } = await tailing()
      const reader = await log.reader()
      await (await log.opener()).delete(log.channel)
      await log.writer()
      await readAll(reader)
    },
  },
  {
    code: 'WAL_CORRUPT',
    what: 'Another application added a record whose headers are no text.',
    advice: 'Find out which. Let nobody write into the topic but the log’s writer.',
    async make() {
      const log = scene()
      await log.writer()
      await produce(kafka, log.channel, { values: ['x'], headers: { key: Buffer.from([0xff]) } })
      await readAll(await log.reader(), { from: messageIds.of(1) })
    },
  },
  {
    code: 'WAL_CLOSED',
    what: 'The log was closed, or its opener.',
    advice: 'Open it again, if you still need it.',
    async make() {
      const log = scene()
      const opener = await log.opener()
      const writer = await log.writer(1, opener)
      await opener.close()
      await writer.append('a')
    },
  },
]

const INPUTS = badInput([
  ['no broker', () => openWal('kafka:', { channel: 'orders' })],
  ['hosts', () => connect({ hosts: ['a b:c'] })],
  ['an option', () => openWal('kafka://127.0.0.1?replicationFacto=1', { channel: 'orders' })],
  ['a number', () => openWal('kafka://127.0.0.1?pollMs=1', { channel: 'orders' })],
  ['replicationFactor', () => openWal('kafka://127.0.0.1?replicationFactor=0', { channel: 'orders' })],
  ['mechanism', () => openWal('kafka://127.0.0.1?mechanism=gssapi', { channel: 'orders' })],
  ['a password alone', () => connect({ hosts: at(), password: 'secret' })],
  ['an option of kafkajs', () => connect({ hosts: at(), kafka: { retry: {} } as never })],
  ['a message id', () => kafkaBuilder.messageIds.parse('Yesterday')],
])

testErrorsPage({
  file: 'errors-kafka.md',
  cases: [...INPUTS, ...STATES],
  steady: (said) =>
    said.replace(/test-[0-9a-f]{12}/g, 'orders').replace(/127\.0\.0\.1:(?!1\b)\d+/g, '127.0.0.1:9092'),
  render: (states, inputs) => `# Errors of Kafka

Beside [those of every log](errors.md), and made by a test in the same way, against a broker: \`npm run test:servers --
errors-page -u\`. What a broker says is quoted as it is; what follows it is ours.

${states}

## Bad input

\`WAL_INVALID_ARGUMENT\`, before anything is sent.

${inputs}
`,
})
