import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runConformance } from '@wal/conformance'
import { openWal } from '@wal/core'
import type { ReadOnlyWALImpls, ScannerOptions } from '@wal/walimpls'
import { afterAll, test } from 'vitest'
import { sqliteBuilder } from '../src/index.js'

const directory = mkdtempSync(join(tmpdir(), 'wal-silent-'))
afterAll(() => rmSync(directory, { recursive: true }))

/** A backend with a mistake: a scanner whose next record was truncated continues at the oldest record, without an error. */
function silent<L extends ReadOnlyWALImpls<never>>(log: L): L {
  return {
    ...log,
    read(options: ScannerOptions<never>) {
      let scanner = log.read(options)
      return {
        ready: () => scanner.ready(),
        next: () =>
          scanner.next().catch(async (error: { code?: string }) => {
            if (error.code !== 'WAL_POSITION_TRUNCATED') throw error
            await scanner.close()
            scanner = log.read({ ...options, start: 'oldest' })
            return scanner.next()
          }),
        close: () => scanner.close(),
      }
    },
  }
}

test('H181: a backend whose readers pass over what another process truncated fails the part processes', async () => {
  const builder: typeof sqliteBuilder = {
    ...sqliteBuilder,
    async build(...given) {
      const opener = await sqliteBuilder.build(...given)
      return {
        ...opener,
        openReadOnly: async (...more) => silent((await opener.openReadOnly(...more)) as never),
      }
    },
  }
  const results = await runConformance(
    {
      openWal,
      builder,
      options: { directory },
      processes: {
        // The other process, which truncates, uses the backend without the mistake.
        module: new URL('./conformance-process.ts', import.meta.url),
        stoppedHoldsLock: true,
        execArgv: ['--import', 'tsx'],
        env: { TSX_TSCONFIG_PATH: fileURLToPath(new URL('../../../tsconfig.json', import.meta.url)) },
      },
    },
    ['processes'],
  )
  const failed = results.filter(({ error }) => error !== undefined)
  assert.deepEqual(
    failed.map(({ name }) => name),
    [
      'a reader of a log that another process truncates gets every record or an error, and goes on at the place that the error names',
    ],
  )
  assert.match(
    String(failed[0]?.error),
    /was delivered when record [0-9]+ was due, and no error told the reader of a truncation/,
  )
})
