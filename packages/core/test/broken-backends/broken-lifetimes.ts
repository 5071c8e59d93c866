import { batchOf, type OpenerImpls, type systemRuntime, WalError, type Writer } from '@wal/walimpls'
import type { BrokenBackend } from './broken-backend.js'
import { brokenBuilder, type Id, replacing } from './broken-builder.js'

const anybody: Writer = { term: 0, incarnation: 'anybody' }
let sequence = 0
const never = new Promise<never>(() => {})

/** Makes a second close of the same object reject. */
function onceOnly(close: () => Promise<void>): () => Promise<void> {
  let closed = false
  return async () => {
    if (closed) throw new Error('it is closed already')
    closed = true
    await close()
  }
}

const withoutWaits = (opener: OpenerImpls<Id>): Partial<OpenerImpls<Id>> => ({
  openReadOnly: async (channel) => {
    const log = await opener.openReadOnly(channel)
    return replacing(log, { last: () => log.last() })
  },
  open: async (channel, writer) => {
    const wal = await opener.open(channel, writer)
    return replacing(wal, { last: () => wal.last(), truncate: (before) => wal.truncate(before) })
  },
})

const password = { type: 'text', description: 'of the server', secret: true, default: '' } as const

/** A backend whose login fails with the error that `tell` makes. */
function withLogin(tell: (given: string) => Error) {
  const inner = brokenBuilder({})
  return {
    ...inner,
    options: { ...inner.options, password },
    build: async (given: never, ...rest: [typeof systemRuntime]) => {
      const { password: word, ...options } = given as { password: string }
      if (word !== '') throw tell(word)
      return inner.build(options as never, ...rest)
    },
  }
}

export const brokenLifetimes: BrokenBackend[] = [
  {
    name: 'forgets its fence',
    part: 'fencing',
    builder: brokenBuilder({
      opener: (opener) => ({
        async open(channel, writer, waits) {
          const wal = await opener.open(channel, anybody, waits)
          // This backend takes all writers for the same one.
          return replacing(wal, {
            writer,
            append: async (batch) =>
              wal.append({ ...batch, sequence: (await wal.last()) === undefined ? 0 : ++sequence }),
          })
        },
      }),
    }),
  },
  {
    name: 'takes its fence when it opens, also for reading',
    part: 'read-only',
    builder: brokenBuilder({
      opener: (opener) => ({
        async openReadOnly(channel, waits) {
          const log = await opener.openReadOnly(channel, waits)
          const wal = await opener.open(channel, { term: 1000, incarnation: 'reader' })
          await wal.append(batchOf(0, [{ payload: Buffer.from('mine'), properties: [] }]))
          return log
        },
      }),
    }),
  },
  {
    name: 'creates what it opens for reading',
    part: 'read-only',
    builder: brokenBuilder({
      opener: (opener) => ({
        openReadOnly: (channel, waits) =>
          opener.openReadOnly(channel, waits).catch(() => opener.open(channel, anybody)),
      }),
    }),
  },
  {
    name: 'truncates on logs open for reading',
    part: 'read-only',
    builder: brokenBuilder({
      opener: (opener) => ({
        async openReadOnly(channel, waits) {
          const log = await opener.openReadOnly(channel, waits)
          const wal = await opener.open(channel, anybody)
          return replacing(log, { truncate: wal.truncate.bind(wal) } as object)
        },
      }),
    }),
  },
  {
    name: 'leaves deleted channels where they are',
    part: 'channels',
    builder: brokenBuilder({ opener: () => ({ delete: async () => {} }) }),
  },
  {
    name: 'lists nothing',
    part: 'channels',
    builder: brokenBuilder({ opener: () => ({ list: async () => [] }) }),
  },
  {
    name: 'leaves a waiting scanner asleep when it closes',
    part: 'close',
    builder: brokenBuilder({
      scanner: (scanner) => ({ next: async () => (await scanner.next()) ?? never }),
    }),
  },
  {
    name: 'can’t close a log twice',
    part: 'close',
    builder: brokenBuilder({ writer: (wal) => ({ close: onceOnly(() => wal.close()) }) }),
  },
  {
    name: 'can’t close an opener twice',
    part: 'close',
    builder: brokenBuilder({ opener: (opener) => ({ close: onceOnly(() => opener.close()) }) }),
  },
  {
    name: 'can’t close a scanner twice',
    part: 'close',
    builder: brokenBuilder({ scanner: (scanner) => ({ close: onceOnly(() => scanner.close()) }) }),
  },
  {
    name: 'appends after it was closed',
    part: 'close',
    builder: brokenBuilder({
      writer: (wal, writer, opener) => ({
        append: (batch) =>
          wal.append(batch).catch(async (error) => {
            if (error.code !== 'WAL_CLOSED') throw error
            return (await opener.open(wal.channel, writer)).append(batch)
          }),
      }),
    }),
  },
  {
    name: 'takes no notice of aborts',
    part: 'cancel',
    builder: brokenBuilder({ opener: withoutWaits }),
  },
  {
    name: 'leaves listeners on the signals that it was given',
    part: 'cancel',
    builder: brokenBuilder({
      scanner: (_, { signal }) => {
        signal?.addEventListener('abort', () => {})
        return {}
      },
    }),
  },
  {
    name: 'shows the password in the cause of an error',
    part: 'secrets',
    builder: withLogin((word) => {
      const cause = Object.assign(new Error('refused'), { command: { name: 'auth', args: [word] } })
      return new WalError('WAL_UNAVAILABLE', 'login failed', { cause })
    }),
    failedLogin: { password: 'hunter2' },
  },
  {
    name: 'shows the password in the text of an error',
    part: 'secrets',
    builder: withLogin((word) => new WalError('WAL_UNAVAILABLE', `login with ${word} failed`)),
    failedLogin: { password: 'hunter2' },
  },
]

/** The same failing login with an error that shows no secret. */
export const scrubbedLogin = withLogin(() => new WalError('WAL_UNAVAILABLE', 'login failed'))
