import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { mustGetBuilder } from '@wal/walimpls'
import { expect, test } from 'vitest'
import '@wal/core/testing'
import '@wal/impl-file'
import '@wal/impl-kafka'
import '@wal/impl-pulsar'
import '@wal/impl-redis-streams'
import { sqliteBuilder } from '../../examples/custom-backend/src/sqlite-backend.js'
import { APPEND_OPTIONS } from '../../packages/core/src/append/append-options.js'
import { CHANNEL_OPTIONS, OPEN_OPTIONS } from '../../packages/core/src/options/open-options.js'
import { OPEN_WAL_OPTIONS } from '../../packages/core/src/options/open-wal-options.js'
import { WAITS } from '../../packages/core/src/options/waits.js'
import { WAL_OPTIONS } from '../../packages/core/src/options/wal-options.js'
import { READ_OPTIONS } from '../../packages/core/src/read/read-options.js'
import { type OptionInterface, withInterface } from '../option-tables/option-interface.js'
import { type ReadmeTable, withReadmeTable } from '../option-tables/option-readme.js'

// The interfaces in the sources, and the tables in READMEs, are written from the option tables. The same tables check the
// options at run time. `npx vitest run tools/test/option-tables -u` writes them; without `-u` these tests fail when they
// differ.

const pathOf = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const read = (path: string) => readFileSync(pathOf(path), 'utf8')
const tableOf = (backend: string) => mustGetBuilder(backend).options

const SOURCES: readonly [path: string, interfaces: readonly OptionInterface[]][] = [
  ['packages/core/src/api/wal-options.ts', [{ name: 'WalOptions', table: WAL_OPTIONS }]],
  [
    'packages/core/src/api/opener.ts',
    [
      { name: 'ChannelOptions', table: CHANNEL_OPTIONS },
      { name: 'OpenOptions', table: OPEN_OPTIONS, inherited: ['signal'] },
    ],
  ],
  ['packages/core/src/open.ts', [{ name: 'OpenWalOptions', table: OPEN_WAL_OPTIONS, inherited: ['signal'] }]],
  ['packages/core/src/api/scanner.ts', [{ name: 'ReadOptions', table: READ_OPTIONS }]],
  ['packages/core/src/api/wal.ts', [{ name: 'AppendOptions', table: APPEND_OPTIONS }]],
  ['packages/walimpls/src/wal.ts', [{ name: 'Waits', table: WAITS }]],
  ['packages/walimpls/src/builder.ts', [{ name: 'MemoryOptions', table: tableOf('memory') }]],
  ['packages/impl-file/src/options.ts', [{ name: 'FileOptions', table: tableOf('file') }]],
  ['packages/impl-kafka/src/client/options.ts', [{ name: 'KafkaOptions', table: tableOf('kafka') }]],
  ['packages/impl-pulsar/src/driver/options.ts', [{ name: 'PulsarOptions', table: tableOf('pulsar') }]],
  [
    'packages/impl-redis-streams/src/client/options.ts',
    [{ name: 'RedisStreamsOptions', table: tableOf('redis-streams') }],
  ],
  [
    'examples/custom-backend/src/sqlite-backend.ts',
    [{ name: 'SqliteOptions', table: sqliteBuilder.options }],
  ],
]

test.each(SOURCES)('the interfaces in %s are those of the option tables', async (path, interfaces) => {
  await expect(interfaces.reduce(withInterface, read(path))).toMatchFileSnapshot(pathOf(path))
})

const READMES: readonly [path: string, tables: readonly ReadmeTable[]][] = [
  [
    'packages/core/README.md',
    [
      { table: { ...OPEN_WAL_OPTIONS, ...WAL_OPTIONS } },
      { mark: 'options of an append', table: APPEND_OPTIONS },
      { mark: 'options of a read', table: READ_OPTIONS },
    ],
  ],
  [
    'packages/impl-file/README.md',
    [{ table: tableOf('file'), urlExamples: { path: 'the path: `file:./data`, `file:/var/lib/app`' } }],
  ],
  [
    'packages/impl-kafka/README.md',
    [{ table: tableOf('kafka'), urlExamples: { tls: '`kafkas:` or `?tls=true`' } }],
  ],
  [
    'packages/impl-pulsar/README.md',
    [
      {
        table: tableOf('pulsar'),
        urlExamples: { path: 'the path: `/public/default`', tls: '`pulsar+ssl:` or `?tls=true`' },
      },
    ],
  ],
  [
    'packages/impl-redis-streams/README.md',
    [{ table: tableOf('redis-streams'), urlExamples: { tls: '`rediss-streams:` or `?tls=true`' } }],
  ],
  ['packages/walimpls/README.md', [{ table: tableOf('memory'), urlExamples: { name: '`memory:NAME`' } }]],
  ['examples/custom-backend/README.md', [{ table: sqliteBuilder.options, urlExamples: {} }]],
]

test.each(READMES)('the options in %s are those of the option tables', async (path, tables) => {
  await expect(tables.reduce(withReadmeTable, read(path))).toMatchFileSnapshot(pathOf(path))
})
