import type { BackendUnderTest } from '@wal/conformance'
import { loseMemoryRecords } from '@wal/core/testing'
import type { ScannerImpls } from '@wal/walimpls'
import type { BrokenBackend } from './broken-backend.js'
import { type Breaks, brokenBuilder, ids } from './broken-builder.js'

const loseRecords: BackendUnderTest['loseRecords'] = (records) =>
  loseMemoryRecords({ ...records, name: 'broken' })

type Told = Error & { readonly code?: string; readonly oldest?: string }

/** Replaces the error with which a scanner rejects when its next record is gone. */
function insteadOfTelling(
  answer: (error: Told, scanner: ScannerImpls<never>) => ReturnType<ScannerImpls<never>['next']>,
): NonNullable<Breaks['scanner']> {
  return (scanner) => ({
    next: () =>
      scanner.next().catch((error: Told) => {
        if (error.code !== 'WAL_POSITION_TRUNCATED') throw error
        return answer(error, scanner as never)
      }),
  })
}

/** The same error with another value of `oldest`. */
function naming(error: Told, oldest: string | undefined): Error {
  return new Proxy(error, { get: (target, key) => (key === 'oldest' ? oldest : Reflect.get(target, key)) })
}

export const brokenHoles: BrokenBackend[] = [
  {
    name: 'waits at a hole for what is lost',
    part: 'holes',
    patienceMs: 1000,
    loseRecords,
    builder: brokenBuilder({
      scanner: insteadOfTelling(() => new Promise(() => {})),
    }),
  },
  {
    name: 'takes a hole for the end',
    part: 'holes',
    patienceMs: 1000,
    loseRecords,
    builder: brokenBuilder({ scanner: insteadOfTelling(async () => []) }),
  },
  {
    name: 'passes over a hole in silence',
    part: 'holes',
    loseRecords,
    builder: brokenBuilder({
      log: (log) => ({
        read(options) {
          let scanner = log.read(options)
          return {
            ready: () => scanner.ready(),
            next: () =>
              scanner.next().catch(async (error: Told) => {
                if (error.code !== 'WAL_POSITION_TRUNCATED' || error.oldest === undefined) throw error
                await scanner.close()
                scanner = log.read({ ...options, start: { from: ids.parse(error.oldest) } })
                return scanner.next()
              }),
            close: () => scanner.close(),
          }
        },
      }),
    }),
  },
  {
    name: 'names the log’s first record as the oldest one behind a hole',
    part: 'holes',
    loseRecords,
    builder: brokenBuilder({
      scanner: insteadOfTelling(async (error) => {
        throw naming(error, ids.serialise(ids.of(1)))
      }),
    }),
  },
  {
    name: 'does not say where reading goes on behind a hole',
    part: 'holes',
    loseRecords,
    builder: brokenBuilder({
      scanner: insteadOfTelling(async (error) => {
        throw naming(error, undefined)
      }),
    }),
  },
  {
    name: 'tells of a hole before it has given what lies before it',
    part: 'holes',
    loseRecords,
    builder: brokenBuilder({
      log: (log) => ({
        read(options) {
          const scanner = log.read(options)
          let told: Promise<never> | undefined
          return {
            ready: () => scanner.ready(),
            async next() {
              if (told !== undefined) return told
              const batch = await scanner.next()
              if (batch === undefined || batch.length === 0) return batch
              // This backend checks the next page before it gives the present one. So it rejects too early when records of the
              // next page are missing.
              const ahead = log.read({
                ...options,
                start: { from: ids.of((batch.at(-1)?.id.value ?? 0) + 1) },
              })
              try {
                await ahead.next()
              } catch (error) {
                told = Promise.reject(error)
                told.catch(() => {})
                return told
              } finally {
                await ahead.close()
              }
              return batch
            },
            close: () => scanner.close(),
          }
        },
      }),
    }),
  },
  {
    name: 'takes a log that lost every record for an empty one',
    part: 'holes',
    loseRecords,
    builder: brokenBuilder({ log: (log) => ({ last: (waits) => log.last(waits).catch(() => undefined) }) }),
  },
]
