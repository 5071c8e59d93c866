import { invalidArgument, type OptionTable, systemRuntime } from '@wal/walimpls'
import { readOptions } from '@wal/walimpls/helper'
import { type Logger, silentLogger } from '../api/logger.js'
import type { WalOptions } from '../api/wal-options.js'
import { harmlessLogger } from '../diagnostics/harmless-logger.js'
import { checkInterceptors } from '../interceptor/build-interceptors.js'

export interface ResolvedWalOptions extends Required<WalOptions> {
  /** Never throws, whatever the one that was given does. */
  readonly logger: Logger
  /** As it was given: for interceptors, and for what an open may fail of. */
  readonly givenLogger: Logger
}

const MIB = 1 << 20

/** Declared once: checks the options, fills in defaults, and is the README's table. */
export const WAL_OPTIONS: OptionTable = {
  budgetBytes: {
    type: 'integer',
    default: 64 * MIB,
    min: MIB,
    description:
      'memory: half for the write-ahead buffer, a quarter for appends on their way, a quarter for what readers hold that nobody has asked for yet; read-only: that quarter, and half for what readers at the log’s end share',
  },
  maxWaitingBytes: {
    type: 'integer',
    min: 0,
    description: 'how much may wait for room; a quarter of budgetBytes when not said',
  },
  batchBytes: { type: 'integer', default: MIB, min: 1024, description: 'size of backend batches to aim for' },
  lingerMs: {
    type: 'integer',
    default: 0,
    min: 0,
    max: 60_000,
    description: 'how long a small batch waits for company',
  },
  appendTimeoutMs: {
    type: 'integer',
    default: 60_000,
    min: 1,
    max: 2 ** 31 - 1,
    description: 'how long an append waits for its outcome',
  },
  timeTickMs: {
    type: 'integer',
    default: 200,
    min: 1,
    max: 60_000,
    description: 'how soon after an append a time tick is persisted',
  },
  idleTickMs: {
    type: 'integer',
    default: 5000,
    min: 0,
    max: 3_600_000,
    description: 'how often an idle log gets a time tick while somebody reads time ticks',
  },
  fenceCheckMs: {
    type: 'integer',
    default: 1000,
    min: 0,
    max: 3_600_000,
    description:
      'how soon after an append an idle writer looks whether it was fenced; then more rarely, up to every 16 times as long',
  },
  closeTimeoutMs: {
    type: 'integer',
    default: 3000,
    min: 0,
    max: 3_600_000,
    description: 'how long close waits for appends in flight; scanners, log and client then have 3,000 each',
  },
  maxClockAheadMs: {
    type: 'integer',
    default: 600_000,
    min: 0,
    description: 'how far a log may be ahead of the wall clock',
  },
  bufferAgeMs: {
    type: 'integer',
    default: 30_000,
    min: 0,
    description: 'how long records stay in the write-ahead buffer',
  },
  interceptors: { type: 'value', description: 'run around every append, the first outermost' },
  logger: { type: 'value', description: 'debug, info, warn, error, called (fields, text)' },
  runtime: { type: 'value', description: 'clock, timers, randomness, files' },
}

/** Throws `WAL_INVALID_ARGUMENT`. */
export function resolveWalOptions(given: WalOptions, what: string): ResolvedWalOptions {
  const known = readOptions(
    WAL_OPTIONS,
    given as Record<string, unknown>,
    what,
  ) as unknown as ResolvedWalOptions
  checkCode(known, what)
  return {
    ...known,
    maxWaitingBytes: known.maxWaitingBytes ?? Math.floor(known.budgetBytes / 4),
    interceptors: known.interceptors ?? [],
    logger: harmlessLogger(known.logger),
    givenLogger: known.logger ?? silentLogger,
    runtime: known.runtime ?? systemRuntime,
  }
}

const LOGGER_METHODS = ['debug', 'info', 'warn', 'error'] as const

/** What is code has no spec to check it by, and would fail only when it is first called. */
function checkCode({ interceptors, logger }: WalOptions, what: string): void {
  if (interceptors !== undefined) checkInterceptors(interceptors, `option "interceptors" of ${what}`)
  if (logger !== undefined && !LOGGER_METHODS.every((name) => typeof logger?.[name] === 'function'))
    throw invalidArgument(
      `option "logger" of ${what} must be an object with ${LOGGER_METHODS.join(', ')}`,
      logger,
    )
}
