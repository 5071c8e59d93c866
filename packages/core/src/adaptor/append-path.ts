import type { MessageIdCodec } from '@wal/walimpls'
import { Admission } from '../append/admission.js'
import { AnswerTrust } from '../append/answer-trust.js'
import { Appender } from '../append/appender.js'
import { BatchCutter } from '../append/batch-cutter.js'
import { ReadableTicks } from '../append/readable-ticks.js'
import { Ticker } from '../append/ticker.js'
import type { WriterFence } from '../append/writer-fence.js'
import { WriteAheadBuffer } from '../buffer/write-ahead-buffer.js'
import { AppendDiagnostics } from '../diagnostics/append-diagnostics.js'
import { Trouble } from '../diagnostics/trouble.js'
import { type WalGauges, WalMetrics } from '../diagnostics/wal-metrics.js'
import { LogBeginning } from '../log/log-beginning.js'
import { Recovery } from '../log/recovery-point.js'
import type { ResolvedWalOptions } from '../options/wal-options.js'
import type { OpenedWriter } from '../writer/writer-open.js'

/** From so many queued bytes on a second batch is sent while the first is on its way. */
const PIPELINE_BYTES = 256 << 10

/** The parts of the way of an append, from the budget to the write-ahead buffer, put together for one writer. */
export interface AppendPath {
  readonly appender: Appender
  readonly ticker: Ticker
  readonly buffer: WriteAheadBuffer
  readonly readable: ReadableTicks
  /** Reports nothing until `observe` is called. */
  readonly metrics: WalMetrics | undefined
  gauges(): WalGauges
}

export function openAppendPath(parts: {
  readonly backend: string
  readonly ids: MessageIdCodec
  readonly channel: string
  readonly where: string
  readonly opened: OpenedWriter
  readonly options: ResolvedWalOptions
  readonly fenceReaches: () => boolean
  readonly fence: WriterFence
}): AppendPath {
  const { backend, ids, channel, where, opened, options, fence } = parts
  const { log, writer, clock, stamp, logIdentity, truncation, openingTick } = opened
  const { runtime, logger, budgetBytes, batchBytes, lingerMs, appendTimeoutMs } = options
  const quarter = Math.floor(budgetBytes / 4)
  const buffer = new WriteAheadBuffer({
    capacityBytes: 2 * quarter,
    maxAgeMs: options.bufferAgeMs,
    floor: openingTick,
    runtime,
  })
  const readable = new ReadableTicks(openingTick)
  const labels = { backend, channel, term: writer.term }
  const metrics = WalMetrics.create(labels, logger)
  const admission = new Admission(quarter, options.maxWaitingBytes)
  const cutter = new BatchCutter({ clock, stamp, batchBytes, nextSequence: opened.nextSequence })
  const appender: Appender = new Appender({
    log,
    admission,
    cutter,
    stamp,
    buffer,
    readable,
    diagnostics: AppendDiagnostics.create({ ...labels, runtime, metrics, logger }),
    context: { backend, ids, logIdentity, writer },
    appendTimeoutMs,
    runtime,
    trouble: new Trouble({ runtime, logger, where }),
    where,
    pipelineBytes: PIPELINE_BYTES,
    lingerMs,
    ids,
    trust: new AnswerTrust({
      ids,
      runtime,
      log: () => appender.log,
      fenceReaches: parts.fenceReaches,
      openedAt: opened.openedAt,
    }),
    lastAcked: { id: opened.openingId, timeTick: openingTick },
    wrote: (bytes) => ticker.wrote(bytes),
    fence,
  })
  const { timeTickMs: intervalMs, idleTickMs: idleMs } = options
  const maxIdleMs = () => appender.log.limits.maxIdleMs
  const beginning = new LogBeginning(truncation, ids)
  const lastAcked = () => appender.lastAcked
  const { states, recoveryPoint: stored } = opened
  const recovery = new Recovery({ ids, writer, lastAcked, states, stored })
  const ticks = { intervalMs, idleMs, maxIdleMs, logIdentity, beginning, recovery }
  const ticker = new Ticker({ runtime, appender, logger, ...ticks })
  const gauges = (): WalGauges => ({
    lastAllocated: cutter.lastAllocated,
    lastConfirmed: buffer.newest,
    inFlightBytes: admission.usedBytes,
    waitingBytes: admission.waitingBytes,
    buffer,
  })
  return { appender, ticker, buffer, readable, metrics, gauges }
}
