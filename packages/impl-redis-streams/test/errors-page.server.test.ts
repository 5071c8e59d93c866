import { type RedisServer, startRedis } from '@wal/brokers'
import { openWal } from '@wal/core'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, onTestFinished } from 'vitest'
import '../src/index.js'
import { badInput, type ErrorCase } from '../../../tools/errors-page/error-case.js'
import { testErrorsPage } from '../../../tools/errors-page/errors-page.js'
import { redisStreamsBuilder } from '../src/builder.js'
import type { RedisStreamsOptions } from '../src/client/options.js'
import { batchOf, buildOpener, readAll, Scene, scan, text } from './scene.js'

let redis: RedisServer
let secret: RedisServer
beforeAll(async () => {
  redis = await startRedis({ appendfsync: 'always' })
  secret = await startRedis({
    acl: ['user default on >secret ~* &* +@all', 'user few on >secret ~wal:* &wal:* +@all -xadd'],
  })
})
afterAll(async () => {
  await redis.stop()
  await secret.stop()
})

const scene = (options: RedisStreamsOptions = {}, server = redis): Scene => {
  const made = Scene.on(server, options)
  onTestFinished(() => made[Symbol.asyncDispose]())
  return made
}

/** A log of some records, and a reader that has given out all of them. */
async function tailing(options: RedisStreamsOptions = {}) {
  const log = scene({ pollMs: 50, ...options })
  const writer = await log.writer()
  const ids = await writer.append('a', 'b', 'c')
  const scanner = scan(await log.reader())
  while ((await scanner.next())?.length !== 0);
  return { log, writer, ids, scanner }
}

/** Connects by these options, until the first error. */
async function connect(options: RedisStreamsOptions): Promise<void> {
  const opener = await buildOpener(options)
  await opener.close()
}

const at = ({ port }: { readonly port: number }) => [`127.0.0.1:${port}`]

const STATES: readonly ErrorCase[] = [
  {
    code: 'WAL_UNAVAILABLE',
    what: 'No server listens there, or none that answers.',
    advice:
      'Look whether it runs, and whether the address is right. Opens, appends and readers try again by themselves.',
    make: () => connect({ hosts: ['127.0.0.1:1'] }),
  },
  {
    code: 'WAL_UNAVAILABLE',
    what: 'The server asks for a password.',
    advice: 'Give `user` and `password`. No repetition mends it.',
    make: () => connect({ hosts: at(secret) }),
  },
  {
    code: 'WAL_UNAVAILABLE',
    what: 'User or password is wrong.',
    advice: 'Give the right ones. No repetition mends it.',
    make: () => connect({ hosts: at(secret), password: 'wrong' }),
  },
  {
    code: 'WAL_UNAVAILABLE',
    what: 'The user lacks a permission.',
    advice: 'Give it the rules of the README.',
    make: () => scene({ user: 'few', password: 'secret' }, secret).writer(),
  },
  {
    code: 'WAL_UNAVAILABLE',
    what: 'TLS is spoken to a port that does not speak it.',
    advice: 'Leave TLS out, or take the server’s other port.',
    make: () => connect({ hosts: at(redis), tls: true }),
  },
  {
    code: 'WAL_UNAVAILABLE',
    what: 'The database is not there.',
    advice: 'Take a lower number, or raise `databases` of the server.',
    make: () => connect({ hosts: at(redis), db: '99' }),
  },
  {
    code: 'WAL_UNAVAILABLE',
    what: 'The server is a replica.',
    advice: 'Connect to the primary, or to its sentinels. After a failover it passes by itself.',
    async make() {
      const replica = await startRedis({ config: { replicaof: `${redis.host} ${redis.port}` } })
      onTestFinished(() => replica.stop())
      await scene({}, replica).writer()
    },
  },
  {
    code: 'WAL_UNAVAILABLE',
    what: 'A key of another application has the log’s name.',
    advice: 'Give another `prefix`.',
    async make() {
      const log = scene()
      await redis.command('SET', log.keys.stream, 'x')
      await log.writer()
    },
  },
  {
    code: 'WAL_STORAGE_FULL',
    what: 'The server is at its `maxmemory`.',
    advice: 'Truncate logs, or raise it. Appends that wait go on by themselves.',
    async make() {
      const full = await startRedis()
      onTestFinished(() => full.stop())
      const writer = await scene({}, full).writer()
      await full.command('CONFIG', 'SET', 'maxmemory', '1')
      await writer.append('a')
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
    code: 'WAL_FENCED',
    what: 'A writer that was taken over truncates.',
    advice: 'Truncate in the process that is the writer.',
    async make() {
      const log = scene()
      const older = await log.writer(1)
      const [id] = await older.append('a')
      await log.writer(2)
      await older.wal.truncate(id as never)
    },
  },
  ...(['state', 'stream'] as const).map(
    (key): ErrorCase => ({
      code: key === 'state' ? 'WAL_FENCED' : 'WAL_CHANNEL_NOT_FOUND',
      what: `Somebody removed the log’s ${key} under its writer, or a failover lost it.`,
      advice: 'Find out who did. The WAL ends when records are lost, and says which.',
      async make() {
        const log = scene()
        const writer = await log.writer()
        await redis.command('DEL', log.keys[key])
        await writer.append('a')
      },
    }),
  ),
  {
    code: 'WAL_LOG_ROLLED_BACK',
    what: 'The server lost the end of the log: a failover to a replica that did not have it, or an older copy.',
    advice:
      'Find out what is lost: `error.known` is the last position that was known. Then `read({ from: error.resumeAt })`.',
    async make() {
      const { log, scanner, ids } = await tailing()
      await redis.command('XDEL', log.keys.stream, String(ids[2]))
      await redis.command('HSET', log.keys.state, 'last', String(ids[1]))
      await log.writer(2)
      for (;;) await scanner.next()
    },
  },
  {
    code: 'WAL_POSITION_TRUNCATED',
    what: 'Records were truncated, or deleted or trimmed by others.',
    advice: 'Go on with `read({ from: error.oldest })`, or ask for gaps with `gaps: "deliver"`.',
    async make() {
      const { log, ids } = await tailing()
      await redis.command('XDEL', log.keys.stream, String(ids[1]))
      await readAll(await log.reader())
    },
  },
  {
    code: 'WAL_POSITION_TRUNCATED',
    what: 'Every record was trimmed by others. (A truncation keeps the last one.)',
    advice: 'Find out who did. A writer may go on with the log.',
    async make() {
      const { log } = await tailing()
      await redis.command('XTRIM', log.keys.stream, 'MAXLEN', '0')
      await (await log.reader()).last()
    },
  },
  {
    code: 'WAL_CHANNEL_NOT_FOUND',
    what: 'Nobody has opened the channel for writing yet, or its name or the prefix is misspelt.',
    advice: 'A reader that may come before the writer tries again.',
    make: () => scene().reader(),
  },
  {
    code: 'WAL_CHANNEL_NOT_FOUND',
    what: 'The channel was deleted under a reader.',
    advice: 'End the reader, or open it again once there is a new log.',
    async make() {
      const { log, scanner } = await tailing()
      await redis.command('DEL', log.keys.stream, log.keys.state)
      await scanner.next()
    },
  },
  {
    code: 'WAL_CORRUPT',
    what: 'Another application added an entry to the stream.',
    advice: 'Find out which. Give the log a `prefix` and a user of its own.',
    async make() {
      const log = scene()
      await log.writer()
      await redis.command('XADD', log.keys.stream, '9999999999999-7', 'field', 'value')
      await readAll(await log.reader())
    },
  },
  {
    code: 'WAL_CORRUPT',
    what: 'Another application changed the log’s state.',
    advice: 'Find out which. The state of a log is not to be written by others.',
    async make() {
      const log = scene()
      const writer = await log.writer()
      await redis.command('HSET', log.keys.state, 'last', 'garbage')
      await writer.append('a')
    },
  },
  {
    code: 'WAL_MESSAGE_TOO_LARGE',
    what: 'The record has more than 16 MiB. It is not written.',
    advice: 'Store the object elsewhere, and append where it is.',
    make: () =>
      scene()
        .writer()
        .then((writer) => writer.append('x'.repeat(17 << 20))),
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

const client = (options: object) => {
  const made = new Redis(redis.port, '127.0.0.1', options)
  onTestFinished(() => made.disconnect())
  return made
}

const withProperties = (properties: readonly string[]) => () =>
  scene()
    .writer()
    .then(({ wal }) => wal.append(batchOf(1, [{ ...text('a'), properties }])))

const INPUTS = badInput([
  ['no server', () => openWal('redis-streams:', { channel: 'orders' })],
  ['hosts', () => connect({ hosts: ['a b:c'] })],
  ['several servers', () => openWal('redis-streams://one,two', { channel: 'orders' })],
  ['a database', () => openWal('redis-streams://127.0.0.1/zero', { channel: 'orders' })],
  [
    'a database of a Cluster',
    () => openWal('redis-streams://127.0.0.1/1?cluster=true', { channel: 'orders' }),
  ],
  ['a client', () => connect({ client: {} as never })],
  ['auto-pipelining', () => connect({ client: client({ enableAutoPipelining: true }) })],
  ['ioredis’ keyPrefix', () => connect({ hosts: at(redis), redis: { keyPrefix: 'x:' } })],
  ['an option', () => openWal('redis-streams://127.0.0.1?waitReplica=1', { channel: 'orders' })],
  ['a number', () => openWal('redis-streams://127.0.0.1?pollMs=1', { channel: 'orders' })],
  ['many properties', withProperties(Array.from({ length: 4_100 }, (_, i) => `${i}`))],
  ['a property’s key', withProperties(['_payload', 'x'])],
  ['a message id', () => redisStreamsBuilder.messageIds.parse('yesterday')],
])

testErrorsPage({
  file: 'errors-redis-streams.md',
  cases: [...INPUTS, ...STATES],
  steady: (said) =>
    said
      .replace(/test-[0-9a-f]{12}/g, 'orders')
      .replace(/127\.0\.0\.1:(?!1\b)\d+/g, '127.0.0.1:6379')
      .replace(/\b\d{13}-(\d+)/g, '1764000000000-$1')
      .replace(/0x[0-9a-f]+:|[0-9A-F]{16}:error/g, '…:'),
  render: (states, inputs) => `# Errors of Redis Streams

Beside [those of every log](errors.md), and made by a test in the same way, against a server: \`npm run test:servers --
errors-page -u\`. What a server says is quoted as it is; what follows it is ours.

${states}

## Bad input

\`WAL_INVALID_ARGUMENT\`, before anything is sent.

${inputs}
`,
})
