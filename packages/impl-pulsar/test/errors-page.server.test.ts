import { openWal } from '@wal/core'
import { onTestFinished } from 'vitest'
import '../src/index.js'
import { badInput, type ErrorCase } from '../../../tools/errors-page/error-case.js'
import { testErrorsPage } from '../../../tools/errors-page/errors-page.js'
import { pulsarBuilder } from '../src/builder.js'
import type { PulsarId } from '../src/records/message-id.js'
import { messageIds } from '../src/records/message-ids.js'
import {
  append,
  at,
  connect,
  freed,
  lost,
  owner,
  pulsar,
  readFrom,
  scene,
  tailing,
  tls,
  untilRefused,
} from './error-scenes.js'

const NAMESPACE = 'public/default'
const few = (role: string) => ({ hosts: at(), token: pulsar.token(role) })

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
      pulsar.freeze()
      onTestFinished(() => pulsar.thaw())
      await connect({ ...owner(), requestTimeoutMs: 1_000 })
    },
  },
  {
    code: 'WAL_UNAVAILABLE',
    what: 'The broker asks for a login.',
    advice: 'Give `token` or `tokenSupplier`. No repetition mends it.',
    make: () => connect({ hosts: at() }),
  },
  {
    code: 'WAL_UNAVAILABLE',
    what: 'The token is wrong.',
    advice: 'Give the right one. No repetition mends it.',
    make: () => connect({ hosts: at(), token: 'not.a.token' }),
  },
  {
    code: 'WAL_UNAVAILABLE',
    what: 'The token has expired.',
    advice: 'Give another one, or `tokenSupplier`, which is asked again when the broker wants a new token.',
    async make() {
      const token = pulsar.token('owner', { expiresInSeconds: 1 })
      await new Promise((resolve) => setTimeout(resolve, 1_500))
      await connect({ hosts: at(), token })
    },
  },
  {
    code: 'WAL_UNAVAILABLE',
    what: 'TLS is spoken to a port that does not speak it.',
    advice: 'Leave TLS out, or take the broker’s other port.',
    make: () => connect({ ...owner(), tls: true, requestTimeoutMs: 2_000 }),
  },
  {
    code: 'WAL_UNAVAILABLE',
    what: 'The port speaks TLS only.',
    advice: 'Take the scheme `pulsar+ssl` or the option `tls`.',
    make: async () => connect({ hosts: at((await tls()).second), requestTimeoutMs: 2_000 }),
  },
  {
    code: 'WAL_UNAVAILABLE',
    what: 'The broker’s certificate is signed by an authority that Node does not trust.',
    advice: 'Give the authority in `tlsOptions: { ca }`. No repetition mends it.',
    make: async () => connect({ hosts: at((await tls()).second), tls: true }),
  },
  {
    code: 'WAL_UNAVAILABLE',
    what: 'The role may not read the topic.',
    advice: 'Give the permissions of the README.',
    async make() {
      const log = scene()
      await log.writer()
      const reader = scene(few('stranger'))
      await (await reader.opener()).openReadOnly(log.channel)
    },
  },
  {
    code: 'WAL_UNAVAILABLE',
    what: 'The role may read and not write.',
    advice: 'Give the permissions of the README.',
    async make() {
      await pulsar.admin.grant(NAMESPACE, 'reader', ['consume'])
      onTestFinished(() => pulsar.admin.revoke(NAMESPACE, 'reader'))
      const log = scene()
      await log.writer()
      const writer = scene(few('reader'))
      const wal = await (await writer.opener()).open(log.channel, { term: 2, incarnation: 'k3j9x2m7q1' })
      await append(wal)
    },
  },
  {
    code: 'WAL_UNAVAILABLE',
    what: 'The topic was terminated.',
    advice: 'Choose another channel: a terminated topic takes no more messages, ever.',
    async make() {
      const log = scene()
      const writer = await log.writer()
      await pulsar.admin.request('POST', `persistent/${NAMESPACE}/${log.channel}/terminate`)
      await untilRefused(() => writer.append('late'))
    },
  },
  {
    code: 'WAL_UNAVAILABLE',
    what: 'The option `driver` asks for the native client, which is not installed.',
    advice: 'Install `pulsar-client`, or leave the option out.',
    make: () => connect({ ...owner(), driver: 'native' }),
  },
  {
    code: 'WAL_STORAGE_FULL',
    what: 'The log has reached the backlog quota.',
    advice: 'Truncate the log, or raise the quota. Appends wait, and go on by themselves.',
    async make() {
      const log = scene()
      const writer = await log.writer()
      await pulsar.admin.setPolicies(NAMESPACE, { backlogQuota: { bytes: 10, policy: 'producer_exception' } })
      onTestFinished(() => pulsar.admin.setPolicies(NAMESPACE, { backlogQuota: null }))
      await untilRefused(() => writer.append('x'.repeat(1000)))
    },
  },
  {
    code: 'WAL_INVALID_ARGUMENT',
    what: 'The topic has several partitions.',
    advice: 'Choose another channel.',
    async make() {
      const log = scene()
      await pulsar.admin.request('PUT', `persistent/${NAMESPACE}/${log.channel}/partitions`, 3)
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
      await untilRefused(() => older.append('late'))
    },
  },
  {
    code: 'WAL_MESSAGE_TOO_LARGE',
    what: 'The record is larger than the broker’s `maxMessageSize`. It is not written.',
    advice: 'Store the object elsewhere, and append where it is.',
    make: async () => (await scene().writer()).append('x'.repeat(6 << 20)),
  },
  {
    code: 'WAL_MESSAGE_TOO_LARGE',
    what: 'The record is larger than that in Pulsar’s form, which adds some bytes to each key and value of its properties.',
    advice: 'Use fewer and longer properties, or put them into the payload.',
    async make() {
      const wal = await (await scene().opener()).open('orders', { term: 1, incarnation: 'k3j9x2m7q1' })
      await append(
        wal,
        Array.from({ length: 2_000_000 }, () => 'x'),
      )
    },
  },
  {
    code: 'WAL_LOG_ROLLED_BACK',
    what: 'Bookies and metadata were set back to an older copy under the writer.',
    advice: 'Stop being the writer, and find out what is lost.',
    async make() {
      throw (await lost()).writing
    },
  },
  {
    code: 'WAL_LOG_ROLLED_BACK',
    what: 'The same, for a reader that comes back.',
    advice:
      'Find out what is lost: `error.known` is the last position that was known. Then `read({ from: error.resumeAt })`.',
    async make() {
      throw (await lost()).reading
    },
  },
  {
    code: 'WAL_POSITION_TRUNCATED',
    what: 'Records were truncated, or removed by a policy of the namespace.',
    advice: 'Go on with `read({ from: error.oldest })`, or ask for gaps with `gaps: "deliver"`.',
    async make() {
      const { log, writer, ids, reader } = await tailing()
      await writer.wal.truncate(ids[4] as never)
      await freed(log.channel, ids[0] as PulsarId)
      await readFrom(reader, ids[0] as never)
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
    what: 'The topic was deleted under a reader.',
    advice: 'End the reader, or open the channel again once there is a new log.',
    async make() {
      const { log, scanner } = await tailing()
      await pulsar.admin.deleteTopic(log.channel, { force: true })
      await scanner.next().catch(() => {})
      await (await log.reader()).last()
    },
  },
  {
    code: 'WAL_CLOSED',
    what: 'The log was closed, or its opener.',
    advice: 'Open it again, if you still need it.',
    async make() {
      const log = scene()
      const writer = await log.writer()
      await log.close()
      await writer.append('a')
    },
  },
]

const bad = (rest: string) => () => openWal(`pulsar://127.0.0.1${rest}`, { channel: 'orders' })

const INPUTS = badInput([
  ['no broker', () => openWal('pulsar:', { channel: 'orders' })],
  ['hosts', () => connect({ hosts: ['a b:c'] })],
  ['an option', bad('?tokn=x')],
  ['a number', bad('?requestTimeoutMs=1')],
  ['the driver', bad('?driver=nativ')],
  ['a namespace without a tenant', bad('/default')],
  [
    'token and tokenSupplier',
    () => connect({ hosts: ['127.0.0.1'], token: 'secret', tokenSupplier: () => 'secret' }),
  ],
  ['adminUrl', () => connect({ hosts: ['127.0.0.1'], adminUrl: '127.0.0.1:8080' })],
  ['a channel', async () => (await scene().opener()).openReadOnly('orders-partition-1')],
  ['a message id', () => pulsarBuilder.messageIds.parse('Yesterday')],
  [
    'ids of two backends',
    () => messageIds.compare({ backend: 'kafka' } as never, { backend: 'kafka' } as never),
  ],
])

testErrorsPage({
  file: 'errors-pulsar.md',
  cases: [...INPUTS, ...STATES],
  steady: (said) =>
    said
      .replace(/test-[0-9a-f]{12}/g, 'orders')
      .replace(/(?<!\.)\b\d+:(\d+)\b/g, '14:$1')
      .replace(/127\.0\.0\.1:(?!1\b)\d+/g, '127.0.0.1:6650'),
  render: (states, inputs) => `# Errors of Pulsar

Beside [those of every log](errors.md), and made by a test in the same way, against a broker: \`npm run test:servers --
errors-page -u\`. What a broker says is quoted as it is; what follows it is ours. Places such as 14:3 are ledger and entry.

${states}

## Bad input

\`WAL_INVALID_ARGUMENT\`, before anything is sent.

${inputs}
`,
})
