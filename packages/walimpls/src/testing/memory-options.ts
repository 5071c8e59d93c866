export interface MemoryOptions {
  readonly name?: string
  readonly maxRecordBytes?: number
  readonly maxInFlightBatches?: number
  readonly maxIdleMs?: number
}
