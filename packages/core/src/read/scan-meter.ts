import type { ScannerElement } from '../api/scanner.js'
import type { ScannerModel, WalMetrics } from '../diagnostics/wal-metrics.js'
import { DeliveredMessage } from './delivered-message.js'
import type { RecordSource, UnitRun } from './record-source.js'

/** Reports the metrics of one scanner. */
export class ScanMeter {
  readonly #metrics: WalMetrics
  #model: ScannerModel | undefined
  #voids = 0
  #duplicates = 0

  constructor(metrics: WalMetrics) {
    this.#metrics = metrics
  }

  /** Counts what was read from `source`, and the `elements` that the user gets of it. */
  ran(run: UnitRun, elements: readonly ScannerElement[], source: RecordSource): void {
    const metrics = this.#metrics
    const model = run.shared ? 'tailing' : 'catchup'
    let violations = 0
    for (const { type, payload, late } of run.units) {
      metrics.scanned(type, payload.length, model)
      if (late !== undefined) violations++
    }
    for (const element of elements)
      if (element instanceof DeliveredMessage) metrics.passed(element.type, element.payloadBytes, model)
    const { voids, duplicates } = source.passedOver
    metrics.passedOver('voids', voids - this.#voids)
    metrics.passedOver('duplicates', duplicates - this.#duplicates)
    metrics.passedOver('violations', violations)
    this.#voids = voids
    this.#duplicates = duplicates
    this.#moveTo(source.tailing ? 'tailing' : 'catchup')
  }

  /** Starts the counts of void and second records at zero again, since the scanner reads from a new source. */
  resumed(): void {
    this.#voids = 0
    this.#duplicates = 0
  }

  started(): void {
    this.#moveTo('catchup')
  }

  ended(): void {
    this.#moveTo(undefined)
  }

  #moveTo(model: ScannerModel | undefined): void {
    if (model === this.#model) return
    this.#metrics.scannerMoved(this.#model, model)
    this.#model = model
  }
}
