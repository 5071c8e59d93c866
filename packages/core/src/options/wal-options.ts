import { type FilledOptions, type OptionTable, systemRuntime } from '@wal/walimpls'
import { readOptions } from '@wal/walimpls/helper'
import { type Logger, silentLogger } from '../api/logger.js'
import type { WalOptions } from '../api/wal-options.js'
import { harmlessLogger } from '../diagnostics/harmless-logger.js'
import { checkInterceptors } from './check-interceptors.js'

export interface ResolvedWalOptions extends Required<WalOptions> {
  /** Never throws, whatever the one that was given does. */
  readonly logger: Logger
  /** As it was given: for interceptors, and for what an open may fail of. */
  readonly givenLogger: Logger
}

const MIB = 1 << 20

const LOGGER_METHODS = ['debug', 'info', 'warn', 'error'] as const

/** Of every WAL, whatever its backend. */
export const WAL_OPTIONS = {
  budgetBytes: {
    type: 'integer',
    unit: 'bytes',
    default: 64 * MIB,
    min: MIB,
    description:
      'Memory: a half for the write-ahead buffer, a quarter for appends on their way, a quarter for what scanners hold that nobody has asked for yet. On a read-only WAL that quarter, and a half for what scanners at the log’s end share or, in another system’s log, for records that wait for their order.',
  },
  maxWaitingBytes: {
    type: 'integer',
    unit: 'bytes',
    min: 0,
    defaultText: 'a quarter of `budgetBytes`',
    description: 'How much may wait for room. More is refused with `WAL_RATE_LIMITED`.',
  },
  batchBytes: {
    type: 'integer',
    unit: 'bytes',
    default: MIB,
    min: 1024,
    description: 'Size of backend batches to aim for.',
  },
  lingerMs: {
    type: 'integer',
    unit: 'milliseconds',
    default: 0,
    min: 0,
    max: 60_000,
    description:
      'How long a small batch waits for company. Messages gather while a batch is in flight anyway.',
  },
  appendTimeoutMs: {
    type: 'integer',
    unit: 'milliseconds',
    default: 60_000,
    min: 1,
    max: 2 ** 31 - 1,
    description: 'How long an append waits for its outcome.',
  },
  timeTickMs: {
    type: 'integer',
    unit: 'milliseconds',
    default: 200,
    min: 1,
    max: 60_000,
    description: 'How soon after an append a time tick is persisted.',
  },
  idleTickMs: {
    type: 'integer',
    unit: 'milliseconds',
    default: 5000,
    min: 0,
    max: 3_600_000,
    description:
      'How often a time tick is persisted on an idle log while a scanner of this WAL reads time ticks. 0: never.',
  },
  fenceCheckMs: {
    type: 'integer',
    unit: 'milliseconds',
    default: 1000,
    min: 0,
    max: 3_600_000,
    description:
      'How soon after its last append an idle writer looks whether it still is the writer. The longer nothing is appended the rarer it looks, up to every 16 times as long, at moments drawn at random. 0: only when it appends.',
  },
  closeTimeoutMs: {
    type: 'integer',
    unit: 'milliseconds',
    default: 3000,
    min: 0,
    max: 3_600_000,
    description:
      'How long `close` waits for appends in flight. What the backend then has to close (scanners, the log, the client) has 3,000 each. A close that hangs is left behind with a warning.',
  },
  maxClockAheadMs: {
    type: 'integer',
    unit: 'milliseconds',
    default: 600_000,
    min: 0,
    description:
      'A log that is further ahead of the wall clock is refused. One ahead within it gets time ticks at nine tenths of wall speed until the lead is gone.',
  },
  bufferAgeMs: {
    type: 'integer',
    unit: 'milliseconds',
    default: 30_000,
    min: 0,
    description: 'How long records stay in the write-ahead buffer at most, on an idle log too.',
  },
  interceptors: {
    type: 'value',
    defaultText: 'none',
    description:
      'Run around every append, the first outermost. Objects, or functions that build one for the WAL.',
  },
  logger: {
    type: 'value',
    defaultText: 'none',
    description:
      '`debug info warn error`, called `(fields, text)`; an error is in `fields.err`, as pino takes it. One that throws makes an open fail that has a warning to tell; on an open log it loses its line and nothing else.',
    accepts: { rule: `an object with ${LOGGER_METHODS.join(', ')}`, test: isLogger },
  },
  runtime: {
    type: 'value',
    defaultText: 'the real ones',
    description: 'Clock, timers, randomness, files: for simulation.',
  },
} as const satisfies OptionTable

function isLogger(value: unknown): boolean {
  const logger = value as Partial<Logger> | null
  return LOGGER_METHODS.every((name) => typeof logger?.[name] === 'function')
}

type CheckedWalOptions = FilledOptions<WalOptions, typeof WAL_OPTIONS>

/** Fills in what no table holds: defaults that depend on other options, or are objects. Throws `WAL_INVALID_ARGUMENT`. */
export function resolveWalOptions(given: WalOptions, what: string): ResolvedWalOptions {
  const known = readOptions<CheckedWalOptions>(WAL_OPTIONS, given, what)
  if (known.interceptors !== undefined)
    checkInterceptors(known.interceptors, `option "interceptors" of ${what}`)
  return {
    ...known,
    maxWaitingBytes: known.maxWaitingBytes ?? Math.floor(known.budgetBytes / 4),
    interceptors: known.interceptors ?? [],
    logger: harmlessLogger(known.logger),
    givenLogger: known.logger ?? silentLogger,
    runtime: known.runtime ?? systemRuntime,
  }
}
