import { readdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { mustGetBuilder, openWal } from '@wal/core'
import { systemRuntime } from '@wal/walimpls'
import '../src/index.js'
import { badInput, type ErrorCase } from '../../../tools/errors-page/error-case.js'
import { testErrorsPage } from '../../../tools/errors-page/errors-page.js'
import { fileBuilder } from '../src/builder.js'
import { batchOf } from './batches.js'
import { fill, openerFor, readAll, temporaryFolder } from './on-disk.js'
import { SimulatedDisk } from './simulated-disk.js'
import { simulatedRuntime } from './simulated-runtime.js'

/** A log of several segments, closed cleanly. */
async function closedLog(): Promise<{ path: string; segments: string[] }> {
  const path = temporaryFolder()
  const opener = await openerFor(path)
  await fill(await opener.open('orders', { term: 1, incarnation: 'one' }), 30)
  await opener.close()
  const folder = join(path, 'orders')
  const names = readdirSync(folder).filter((name) => name.endsWith('.seg'))
  return { path, segments: names.sort().map((name) => join(folder, name)) }
}

/** Opens the log again, for writing, after its files were changed, and reads all of it. */
async function readAgain(path: string): Promise<void> {
  const wal = await (await openerFor(path)).open('orders', { term: 2, incarnation: 'two' })
  await wal.append(batchOf(0, ['opening']))
  await readAll(wal)
}

function change(file: string, how: (bytes: Buffer) => void): void {
  const bytes = readFileSync(file)
  how(bytes)
  writeFileSync(file, bytes)
}

const flip = (bytes: Buffer, at: number) => {
  bytes[at] = (bytes[at] as number) ^ 1
}

/** A log whose files were changed in this way, opened and read. */
const damaged = (how: (segments: readonly string[]) => void) => async () => {
  const { path, segments } = await closedLog()
  how(segments)
  await readAgain(path)
}

const first = (segments: readonly string[]) => segments[0] as string
const RESTORE = 'Restore the log from a copy. What lies before the place can be read.'

const STATES: readonly ErrorCase[] = [
  {
    code: 'WAL_STORAGE_FULL',
    what: 'The disk, its quota or its inodes are used up.',
    advice: 'Free space, or call `truncate`, which needs no room. Appends that wait go on by themselves.',
    async make() {
      const disk = new SimulatedDisk(() => 0)
      const runtime = simulatedRuntime(disk.mount().files, () => 0)
      const opener = await fileBuilder.build({ path: '/data', segmentBytes: 4096 }, runtime)
      const wal = await opener.open('orders', { term: 1, incarnation: 'one' })
      await wal.append(batchOf(0, ['opening']))
      disk.full = true
      try {
        await wal.append(batchOf(1, ['a'], 5000))
      } finally {
        disk.full = false
        await opener.close()
      }
    },
  },
  {
    code: 'WAL_UNAVAILABLE',
    what: 'A part of the path is a file.',
    advice: 'Choose another path, or move the file away.',
    make() {
      const folder = temporaryFolder()
      writeFileSync(join(folder, 'file'), '')
      return openWal(`file:${folder}/file`, { channel: 'orders' })
    },
  },
  {
    code: 'WAL_UNAVAILABLE',
    what: 'Links in the path lead back to themselves.',
    advice: 'Mend the link, or choose another path.',
    make() {
      const folder = temporaryFolder()
      symlinkSync(join(folder, 'one'), join(folder, 'other'))
      symlinkSync(join(folder, 'other'), join(folder, 'one'))
      return openWal(`file:${folder}/one`, { channel: 'orders' })
    },
  },
  {
    code: 'WAL_UNAVAILABLE',
    what: 'A name in the path is too long.',
    advice: 'Choose a shorter one.',
    make: () => openWal(`file:${temporaryFolder()}/${'x'.repeat(300)}`, { channel: 'orders' }),
  },
  {
    code: 'WAL_UNAVAILABLE',
    what: 'A backup was put in the log’s place while a reader had it open.',
    advice: 'Nothing: the reader reads the folder again, and is told what is missing.',
    async make() {
      const { path, segments } = await closedLog()
      const wal = await (await openerFor(path)).openReadOnly('orders')
      const scanner = wal.read({ start: 'oldest', maxBytes: 100_000 })
      while ((await scanner.next())?.length !== 0);
      truncateSync(segments.at(-1) as string, 200)
      await scanner.next()
    },
  },
  {
    code: 'WAL_FENCED',
    what: 'A newer writer, here or in another process, opened the channel.',
    advice: 'Stop being the writer. Two processes that open at `next` in a loop fence each other forever.',
    make: () => takenOver((wal) => wal.append(batchOf(1, ['late']))),
  },
  {
    code: 'WAL_FENCED',
    what: 'A writer that was taken over truncates.',
    advice: 'Truncate in the process that is the writer.',
    make: () => takenOver((wal) => wal.truncate(fileBuilder.messageIds.parse('1'))),
  },
  {
    code: 'WAL_FENCED',
    what: 'The channel’s folder was removed, or put back from a copy, under its writer.',
    advice: 'Nothing: the writer looks what the log holds, and ends if it lost records.',
    async make() {
      const path = temporaryFolder()
      const wal = await (await openerFor(path)).open('orders', { term: 1, incarnation: 'one' })
      await wal.append(batchOf(0, ['opening']))
      rmSync(join(path, 'orders'), { recursive: true })
      await wal.append(batchOf(1, ['late'], 5000))
    },
  },
  {
    code: 'WAL_CHANNEL_NOT_FOUND',
    what: 'Nobody has opened the channel for writing yet, or its name or the path is misspelt.',
    advice: 'A reader that may come before the writer tries again.',
    make: () => openWal(`file:${temporaryFolder()}`, { channel: 'orders', accessMode: 'ro' }),
  },
  {
    code: 'WAL_CORRUPT',
    what: 'Bytes in the middle of a segment are damaged.',
    advice: RESTORE,
    make: damaged((segments) => change(first(segments), (bytes) => flip(bytes, 200))),
  },
  {
    code: 'WAL_CORRUPT',
    what: 'The first bytes of a segment are damaged.',
    advice: RESTORE,
    make: damaged((segments) => change(first(segments), (bytes) => flip(bytes, 20))),
  },
  {
    code: 'WAL_CORRUPT',
    what: 'The last segment was closed cleanly, and holds more than was written.',
    advice: RESTORE,
    make: damaged((segments) => {
      const last = segments.at(-1) as string
      writeFileSync(last, Buffer.concat([readFileSync(last), Buffer.from('xyz')]))
    }),
  },
  {
    code: 'WAL_CORRUPT',
    what: 'A segment ends before its records do.',
    advice: RESTORE,
    make: damaged((segments) => truncateSync(first(segments), 96)),
  },
  {
    code: 'WAL_SPEC_UNSUPPORTED',
    what: 'A later version of this package wrote the log.',
    advice: 'Upgrade `@wal/impl-file` in this process.',
    make: damaged((segments) =>
      change(first(segments), (bytes) => {
        bytes.writeUInt32LE(2, 8)
        bytes.writeUInt32LE(crc32(bytes.subarray(0, 92)), 92)
      }),
    ),
  },
  {
    code: 'WAL_POSITION_TRUNCATED',
    what: 'The segment that held the record was freed by `truncate`, or removed by others.',
    advice: 'Go on with `read({ from: error.oldest })`, or ask for gaps with `gaps: "deliver"`.',
    async make() {
      const opener = await openerFor(temporaryFolder())
      const wal = await opener.open('orders', { term: 1, incarnation: 'one' })
      const ids = await fill(wal, 60)
      await wal.truncate(ids.at(-1) as never)
      await readAll(wal, { from: ids[0] as never })
    },
  },
  {
    code: 'WAL_MESSAGE_TOO_LARGE',
    what: 'The record has more than 64 MiB. It is not written.',
    advice: 'Store the object elsewhere, and append where it is.',
    async make() {
      const opener = await openerFor(temporaryFolder())
      const wal = await opener.open('orders', { term: 1, incarnation: 'one' })
      await wal.append(batchOf(0, ['opening']))
      await wal.append(batchOf(1, ['large'], 65 << 20))
    },
  },
  {
    code: 'WAL_CLOSED',
    what: 'The log was closed, or its opener.',
    advice: 'Open it again, if you still need it.',
    async make() {
      const opener = await openerFor(temporaryFolder())
      const wal = await opener.open('orders', { term: 1, incarnation: 'one' })
      await opener.close()
      await wal.append(batchOf(0, ['opening']))
    },
  },
]

type Writer = Awaited<ReturnType<Awaited<ReturnType<typeof openerFor>>['open']>>

async function takenOver(call: (wal: Writer) => Promise<unknown>): Promise<unknown> {
  const path = temporaryFolder()
  const older = await (await openerFor(path)).open('orders', { term: 1, incarnation: 'one' })
  await older.append(batchOf(0, ['opening']))
  const other = await openerFor(path, { ...systemRuntime })
  const newer = await other.open('orders', { term: 2, incarnation: 'two' })
  await newer.append(batchOf(0, ['opening']))
  return call(older)
}

const INPUTS = badInput([
  ['no path', () => mustGetBuilder('file').build({} as never)],
  ['no path in the URL', () => openWal('file:', { channel: 'orders' })],
  ['two slashes before a path', () => openWal('file://data/logs', { channel: 'orders' })],
  ['the size of segments', () => openWal('file:./data?segmentBytes=1000', { channel: 'orders' })],
  [
    'more batches at once than the log takes, of a program that calls the backend itself',
    async () => {
      const wal = await (await openerFor(temporaryFolder())).open('orders', { term: 1, incarnation: 'one' })
      const appends = Array.from({ length: 100 }, (_, i) => wal.append(batchOf(i, ['a'])))
      for (const each of appends) each.catch(() => {})
      await Promise.all(appends)
    },
  ],
  ['an option', () => openWal('file:./data?segmentSize=1000', { channel: 'orders' })],
])

testErrorsPage({
  file: 'errors-file.md',
  cases: [...INPUTS, ...STATES],
  steady: (text) =>
    text
      .replace(/\/\S*?wal-file-\w+/g, './data')
      .replace(/x{100,}/g, 'xxx…')
      // Node 20 names the failed call of a recursive mkdir as `stat`, later versions as `mkdir`.
      .replace(/ENOTDIR: not a directory, stat /, 'ENOTDIR: not a directory, mkdir '),
  render: (states, inputs) => `# Errors of the file backend

Beside [those of every log](errors.md), and made by a test in the same way. Two need a disk that does what a test can't
bring about, and end with the system's own text and advice: no permission (\`EACCES\`, \`EPERM\`, a read-only file system: not
retryable) and a disk that fails (\`EIO\`, too many open files: retryable).

${states}

## Bad input

\`WAL_INVALID_ARGUMENT\`, before anything is looked at.

${inputs}
`,
})
