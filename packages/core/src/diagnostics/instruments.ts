/** A measurement as OpenTelemetry names it. Seconds and bytes, as its conventions want. */
export interface InstrumentSpec {
  readonly name: string
  readonly kind: 'counter' | 'histogram' | 'gauge'
  readonly unit: string
  readonly description: string
  /** What Milvus calls it, without `milvus_wal_`; `ours` where it has none. */
  readonly reference: string
}

/** Every measurement there is: the instruments are made from this table, and `docs/metrics.md` is held to it. */
export const INSTRUMENTS = {
  info: gauge('wal.info', '{wal}', {
    description: 'open logs; always 1, for its attributes',
    reference: 'info',
  }),
  lastAllocated: gauge('wal.last_allocated_time_tick', 's', {
    description: 'physical part of the last time tick given out, seconds since 1970',
    reference: 'last_allocated_time_tick',
  }),
  lastConfirmed: gauge('wal.last_confirmed_time_tick', 's', {
    description: 'physical part of the last acknowledged time tick, seconds since 1970',
    reference: 'last_confirmed_time_tick',
  }),
  allocated: counter('wal.allocate_time_tick.count', '{tick}', {
    description: 'time ticks given out',
    reference: 'allocate_time_tick_total',
  }),
  acknowledged: counter('wal.acknowledge_time_tick.count', '{tick}', {
    description: 'time ticks whose message has its outcome',
    reference: 'acknowledge_time_tick_total',
  }),
  persistedTicks: counter('wal.sync_time_tick.count', '{tick}', {
    description: 'time tick messages stored',
    reference: 'sync_time_tick_total',
  }),
  appendSize: histogram('wal.append_message.size', 'By', {
    description: 'payload and own properties of an appended message',
    reference: 'append_message_bytes',
  }),
  appends: counter('wal.append_message.count', '{message}', {
    description: 'appends that have their outcome',
    reference: 'append_message_total',
  }),
  appendDuration: histogram('wal.append_message.duration', 's', {
    description: 'from taking a message in to its outcome',
    reference: 'append_message_duration_seconds',
  }),
  backendAppendDuration: histogram('wal.impls_append_message.duration', 's', {
    description: "one attempt of the backend's append, a batch each",
    reference: 'impls_append_message_duration_seconds',
  }),
  backendRetries: counter('wal.impls_append_message_retry.count', '{batch}', {
    description: 'batches sent again',
    reference: 'impls_append_message_retry_total',
  }),
  batchSize: histogram('wal.impls_append_message.size', 'By', {
    description: 'a batch as the backend gets it',
    reference: 'ours',
  }),
  beforeAppend: histogram('wal.interceptor_before_append.duration', 's', {
    description: 'in one interceptor before it calls next',
    reference: 'interceptor_before_append_duration_seconds',
  }),
  afterAppend: histogram('wal.interceptor_after_append.duration', 's', {
    description: 'in one interceptor after next has answered',
    reference: 'interceptor_after_append_duration_seconds',
  }),
  inFlightBytes: gauge('wal.append_in_flight.size', 'By', {
    description: 'bytes of appends that were admitted and have no outcome yet',
    reference: 'ours',
  }),
  waitingBytes: gauge('wal.append_waiting.size', 'By', {
    description: 'bytes of appends that wait for room in the budget',
    reference: 'ours',
  }),
  bufferRecords: gauge('wal.write_ahead_buffer_entry.count', '{batch}', {
    description: 'batches in the write-ahead buffer',
    reference: 'write_ahead_buffer_entry_total',
  }),
  bufferSize: gauge('wal.write_ahead_buffer.size', 'By', {
    description: 'bytes in the write-ahead buffer',
    reference: 'write_ahead_buffer_size_bytes',
  }),
  bufferCapacity: gauge('wal.write_ahead_buffer.capacity', 'By', {
    description: 'most bytes that the write-ahead buffer may hold',
    reference: 'write_ahead_buffer_capacity_bytes',
  }),
  bufferEarliest: gauge('wal.write_ahead_buffer.earliest_time_tick', 's', {
    description: 'every acknowledged record above this time tick is in the buffer',
    reference: 'write_ahead_buffer_earliest_time_tick',
  }),
  bufferLatest: gauge('wal.write_ahead_buffer.latest_time_tick', 's', {
    description: 'time tick of the newest record in the buffer',
    reference: 'write_ahead_buffer_latest_time_tick',
  }),
  scanners: gauge('wal.scanner.count', '{scanner}', {
    description: 'open scanners, by where they read',
    reference: 'scanner_total',
  }),
  scanSize: histogram('wal.scan_message.size', 'By', {
    description: 'payload of a record that a scanner read',
    reference: 'scan_message_bytes',
  }),
  scanned: counter('wal.scan_message.count', '{message}', {
    description: 'records that scanners read',
    reference: 'scan_message_total',
  }),
  passedSize: histogram('wal.scan_pass_message.size', 'By', {
    description: 'payload of a message that passed the filters',
    reference: 'scan_pass_message_bytes',
  }),
  passed: counter('wal.scan_pass_message.count', '{message}', {
    description: 'messages that passed the filters',
    reference: 'scan_pass_message_total',
  }),
  violations: counter('wal.scan_time_tick_violation_message.count', '{message}', {
    description: "records of another system's log that came too late",
    reference: 'scan_time_tick_violation_message_total',
  }),
  voids: counter('wal.scan_void_message.count', '{message}', {
    description: 'void records, stored by a writer that was fenced, which were not delivered',
    reference: 'ours',
  }),
  duplicates: counter('wal.scan_duplicate_message.count', '{message}', {
    description: 'second copies of records, which were not delivered',
    reference: 'ours',
  }),
  switches: counter('wal.scanner_switch.count', '{switch}', {
    description: 'changes of scanners between catch-up and tailing',
    reference: 'ours',
  }),
} as const satisfies Record<string, InstrumentSpec>

type Words = Pick<InstrumentSpec, 'description' | 'reference'>

export type InstrumentName = keyof typeof INSTRUMENTS

function counter(name: string, unit: string, words: Words): InstrumentSpec {
  return { name, kind: 'counter', unit, ...words }
}

function histogram(name: string, unit: string, words: Words): InstrumentSpec {
  return { name, kind: 'histogram', unit, ...words }
}

function gauge(name: string, unit: string, words: Words): InstrumentSpec {
  return { name, kind: 'gauge', unit, ...words }
}
