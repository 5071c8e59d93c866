import {
  type Attributes,
  type BatchObservableResult,
  type Counter,
  createNoopMeter,
  type Histogram,
  type Meter,
  metrics,
  type ObservableGauge,
} from '@opentelemetry/api'
import { messageTypeOf, millisecondsOf, type TimeTick } from '@wal/walimpls'
import type { Logger } from '../api/logger.js'
import type { BatchInFlight } from '../message/batch-in-flight.js'
import type { RecordDraft } from '../message/record-draft.js'
import { INSTRUMENTS, type InstrumentName } from './instruments.js'

/** Bounds of Milvus' histograms: 1 ms to 5 s, 64 B to 8 MiB; finer below, where a local disk answers. */
const SECONDS = [0.0001, 0.0003, 0.001, 0.0026, 0.0066, 0.017, 0.044, 0.11, 0.3, 0.76, 2, 5]
const BYTES = [64, 236, 876, 3251, 12_060, 44_736, 165_958, 615_615, 2_283_722, 8_388_608]

/** What gauges show, read when they are collected. */
export interface WalGauges {
  readonly lastAllocated: TimeTick
  readonly lastConfirmed: TimeTick
  readonly inFlightBytes: number
  readonly waitingBytes: number
  readonly buffer: {
    readonly runs: number
    readonly bytes: number
    readonly capacityBytes: number
    readonly floor: TimeTick
    readonly newest: TimeTick
  }
}

export type ScannerModel = 'catchup' | 'tailing'

/**
 * The measurements of one open log. There is none, and no cost, unless an OpenTelemetry SDK was set up before the open. An
 * instrument that throws is logged: no append, reader or interceptor fails because it could not be measured.
 */
export class WalMetrics {
  readonly #meter: Meter
  readonly #recorders: Recorders
  readonly #labels: Attributes
  /** Attribute sets by their key, so that a message needs no new object. */
  readonly #attributes = new Map<string, Attributes>()
  readonly #scanners: Record<ScannerModel, number> = { catchup: 0, tailing: 0 }
  #stopObserving: (() => void) | undefined

  /** Undefined where nobody collects metrics. */
  static create(
    labels: { backend: string; channel: string; term: number },
    logger: Logger,
  ): WalMetrics | undefined {
    const meter = metrics.getMeter('@wal/core')
    return meter === createNoopMeter() ? undefined : new WalMetrics(meter, labels, logger)
  }

  private constructor(
    meter: Meter,
    labels: { backend: string; channel: string; term: number },
    logger: Logger,
  ) {
    this.#labels = { wal_name: labels.backend, channel_name: labels.channel, term: labels.term }
    this.#meter = meter
    this.#recorders = recorders(meter, (err) => logger.debug({ err }, 'a measurement could not be recorded'))
  }

  /** The log is open: gauges are shown until `close`, a writer's with its own values. */
  observe(values?: () => WalGauges): void {
    const gauges = GAUGES.map((name) => this.#recorders.gauges[name] as ObservableGauge)
    const collect = (result: BatchObservableResult): void => this.#collect(result, values?.())
    this.#meter.addBatchObservableCallback(collect, gauges)
    this.#stopObserving = () => this.#meter.removeBatchObservableCallback(collect, gauges)
  }

  close(): void {
    this.#stopObserving?.()
  }

  /** A message has its outcome: `ok`, an error's code, or `other`. */
  appended({ type, bytes }: Pick<RecordDraft, 'type' | 'bytes'>, status: string, seconds: number): void {
    const { counters, histograms } = this.#recorders
    const attributes = this.#with('message_type', nameOf(type), 'status', status)
    counters.appends?.add(1, attributes)
    histograms.appendSize?.record(bytes, attributes)
    histograms.appendDuration?.record(seconds, attributes)
    counters.acknowledged?.add(1, this.#labels)
    if (status === 'ok' && type === 1) counters.persistedTicks?.add(1, this.#labels)
  }

  /** A message was refused before it got a time tick. */
  refused(status: string): void {
    this.#recorders.counters.appends?.add(1, this.#with('status', status))
  }

  /** An attempt to store a batch has ended. */
  sent(
    { batch, attempts }: Pick<BatchInFlight, 'batch' | 'attempts'>,
    status: string,
    seconds: number,
  ): void {
    const { counters, histograms } = this.#recorders
    const attributes = this.#with('status', status)
    if (attempts === 1) {
      counters.allocated?.add(batch.count, this.#labels)
      histograms.batchSize?.record(batch.bytes, this.#labels)
    } else counters.backendRetries?.add(1, this.#labels)
    histograms.backendAppendDuration?.record(seconds, attributes)
  }

  intercepted(interceptor: string, beforeSeconds: number, afterSeconds: number): void {
    const { histograms } = this.#recorders
    const attributes = this.#with('interceptor_name', interceptor)
    histograms.beforeAppend?.record(beforeSeconds, attributes)
    histograms.afterAppend?.record(afterSeconds, attributes)
  }

  /** A scanner reads from another place now. `undefined` stands for a scanner that has not begun or has ended. */
  scannerMoved(from: ScannerModel | undefined, to: ScannerModel | undefined): void {
    if (from !== undefined) this.#scanners[from]--
    if (to !== undefined) this.#scanners[to]++
    if (from !== undefined && to !== undefined)
      this.#recorders.counters.switches?.add(1, this.#with('scanner_model', to))
  }

  scanned(type: number, bytes: number, model: ScannerModel): void {
    const attributes = this.#with('message_type', nameOf(type), 'scanner_model', model)
    this.#recorders.counters.scanned?.add(1, attributes)
    this.#recorders.histograms.scanSize?.record(bytes, attributes)
  }

  passed(type: number, bytes: number, model: ScannerModel): void {
    const attributes = this.#with('message_type', nameOf(type), 'scanner_model', model)
    this.#recorders.counters.passed?.add(1, attributes)
    this.#recorders.histograms.passedSize?.record(bytes, attributes)
  }

  /** Records that a scanner passed over, or that came too late. */
  passedOver(what: 'voids' | 'duplicates' | 'violations', count: number): void {
    if (count > 0) this.#recorders.counters[what]?.add(count, this.#labels)
  }

  #collect(result: BatchObservableResult, values: WalGauges | undefined): void {
    const { gauges } = this.#recorders
    const set = (name: InstrumentName, value: number, attributes = this.#labels): void => {
      const gauge = gauges[name]
      if (gauge !== undefined) result.observe(gauge, value, attributes)
    }
    set('info', 1)
    for (const model of ['catchup', 'tailing'] as const)
      set('scanners', this.#scanners[model], this.#with('scanner_model', model))
    if (values === undefined) return
    set('lastAllocated', secondsOf(values.lastAllocated))
    set('lastConfirmed', secondsOf(values.lastConfirmed))
    set('inFlightBytes', values.inFlightBytes)
    set('waitingBytes', values.waitingBytes)
    set('bufferRecords', values.buffer.runs)
    set('bufferSize', values.buffer.bytes)
    set('bufferCapacity', values.buffer.capacityBytes)
    set('bufferEarliest', secondsOf(values.buffer.floor))
    set('bufferLatest', secondsOf(values.buffer.newest))
  }

  #with(...pairs: string[]): Attributes {
    const key = pairs.join('\n')
    let attributes = this.#attributes.get(key)
    if (attributes === undefined) {
      const made: Attributes = { ...this.#labels }
      for (let i = 0; i < pairs.length; i += 2) made[pairs[i] as string] = pairs[i + 1] as string
      attributes = made
      this.#attributes.set(key, attributes)
    }
    return attributes
  }
}

type Recorders = ReturnType<typeof recorders>

const NAMES = Object.keys(INSTRUMENTS) as InstrumentName[]
const GAUGES = NAMES.filter((name) => INSTRUMENTS[name].kind === 'gauge')

function recorders(meter: Meter, failed: (error: unknown) => void) {
  const counters: Partial<Record<InstrumentName, Pick<Counter, 'add'>>> = {}
  const histograms: Partial<Record<InstrumentName, Pick<Histogram, 'record'>>> = {}
  const gauges: Partial<Record<InstrumentName, ObservableGauge>> = {}
  for (const key of NAMES) {
    const { name, kind, unit, description } = INSTRUMENTS[key]
    const options = { unit, description }
    if (kind === 'counter') counters[key] = harmlessCounter(meter.createCounter(name, options), failed)
    else if (kind === 'gauge') gauges[key] = meter.createObservableGauge(name, options)
    else
      histograms[key] = harmlessHistogram(
        meter.createHistogram(name, {
          ...options,
          advice: { explicitBucketBoundaries: unit === 's' ? SECONDS : BYTES },
        }),
        failed,
      )
  }
  return { counters, histograms, gauges }
}

function harmlessCounter(counter: Counter, failed: (error: unknown) => void): Pick<Counter, 'add'> {
  return {
    add(value, attributes) {
      try {
        counter.add(value, attributes)
      } catch (error) {
        failed(error)
      }
    },
  }
}

function harmlessHistogram(
  histogram: Histogram,
  failed: (error: unknown) => void,
): Pick<Histogram, 'record'> {
  return {
    record(value, attributes) {
      try {
        histogram.record(value, attributes)
      } catch (error) {
        failed(error)
      }
    },
  }
}

function nameOf(type: number): string {
  return messageTypeOf(type).name
}

function secondsOf(timeTick: TimeTick): number {
  return timeTick < 0n ? 0 : millisecondsOf(timeTick) / 1000
}
