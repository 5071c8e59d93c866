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
  info: gauge('wal.info', '{wal}', 'open logs; always 1, for its attributes', 'info'),
  lastAllocated: gauge(
    'wal.last_allocated_time_tick',
    's',
    'physical part of the last time tick given out, seconds since 1970',
    'last_allocated_time_tick',
  ),
  lastConfirmed: gauge(
    'wal.last_confirmed_time_tick',
    's',
    'physical part of the last acknowledged time tick, seconds since 1970',
    'last_confirmed_time_tick',
  ),
  allocated: counter(
    'wal.allocate_time_tick.count',
    '{tick}',
    'time ticks given out',
    'allocate_time_tick_total',
  ),
  acknowledged: counter(
    'wal.acknowledge_time_tick.count',
    '{tick}',
    'time ticks whose message has its outcome',
    'acknowledge_time_tick_total',
  ),
  persistedTicks: counter(
    'wal.sync_time_tick.count',
    '{tick}',
    'time tick messages stored',
    'sync_time_tick_total',
  ),
  appendSize: histogram(
    'wal.append_message.size',
    'By',
    'payload and own properties of an appended message',
    'append_message_bytes',
  ),
  appends: counter(
    'wal.append_message.count',
    '{message}',
    'appends that have their outcome',
    'append_message_total',
  ),
  appendDuration: histogram(
    'wal.append_message.duration',
    's',
    'from taking a message in to its outcome',
    'append_message_duration_seconds',
  ),
  backendAppendDuration: histogram(
    'wal.impls_append_message.duration',
    's',
    "one attempt of the backend's append, a batch each",
    'impls_append_message_duration_seconds',
  ),
  backendRetries: counter(
    'wal.impls_append_message_retry.count',
    '{batch}',
    'batches sent again',
    'impls_append_message_retry_total',
  ),
  batchSize: histogram('wal.impls_append_message.size', 'By', 'a batch as the backend gets it', 'ours'),
  beforeAppend: histogram(
    'wal.interceptor_before_append.duration',
    's',
    'in one interceptor before it calls next',
    'interceptor_before_append_duration_seconds',
  ),
  afterAppend: histogram(
    'wal.interceptor_after_append.duration',
    's',
    'in one interceptor after next has answered',
    'interceptor_after_append_duration_seconds',
  ),
  inFlightBytes: gauge(
    'wal.append_in_flight.size',
    'By',
    'bytes of appends that were admitted and have no outcome yet',
    'ours',
  ),
  waitingBytes: gauge(
    'wal.append_waiting.size',
    'By',
    'bytes of appends that wait for room in the budget',
    'ours',
  ),
  bufferRecords: gauge(
    'wal.write_ahead_buffer_entry.count',
    '{batch}',
    'batches in the write-ahead buffer',
    'write_ahead_buffer_entry_total',
  ),
  bufferSize: gauge(
    'wal.write_ahead_buffer.size',
    'By',
    'bytes in the write-ahead buffer',
    'write_ahead_buffer_size_bytes',
  ),
  bufferCapacity: gauge(
    'wal.write_ahead_buffer.capacity',
    'By',
    'most bytes that the write-ahead buffer may hold',
    'write_ahead_buffer_capacity_bytes',
  ),
  bufferEarliest: gauge(
    'wal.write_ahead_buffer.earliest_time_tick',
    's',
    'every acknowledged record above this time tick is in the buffer',
    'write_ahead_buffer_earliest_time_tick',
  ),
  bufferLatest: gauge(
    'wal.write_ahead_buffer.latest_time_tick',
    's',
    'time tick of the newest record in the buffer',
    'write_ahead_buffer_latest_time_tick',
  ),
  scanners: gauge('wal.scanner.count', '{scanner}', 'open scanners, by where they read', 'scanner_total'),
  scanSize: histogram(
    'wal.scan_message.size',
    'By',
    'payload of a record that a scanner read',
    'scan_message_bytes',
  ),
  scanned: counter('wal.scan_message.count', '{message}', 'records that scanners read', 'scan_message_total'),
  passedSize: histogram(
    'wal.scan_pass_message.size',
    'By',
    'payload of a message that passed the filters',
    'scan_pass_message_bytes',
  ),
  passed: counter(
    'wal.scan_pass_message.count',
    '{message}',
    'messages that passed the filters',
    'scan_pass_message_total',
  ),
  violations: counter(
    'wal.scan_time_tick_violation_message.count',
    '{message}',
    "records of another system's log that came too late",
    'scan_time_tick_violation_message_total',
  ),
  voids: counter(
    'wal.scan_void_message.count',
    '{message}',
    'void records, stored by a writer that was fenced, which were not delivered',
    'ours',
  ),
  duplicates: counter(
    'wal.scan_duplicate_message.count',
    '{message}',
    'second copies of records, which were not delivered',
    'ours',
  ),
  switches: counter(
    'wal.scanner_switch.count',
    '{switch}',
    'changes of scanners between catch-up and tailing',
    'ours',
  ),
} as const satisfies Record<string, InstrumentSpec>

export type InstrumentName = keyof typeof INSTRUMENTS

function counter(name: string, unit: string, description: string, reference: string): InstrumentSpec {
  return { name, kind: 'counter', unit, description, reference }
}

function histogram(name: string, unit: string, description: string, reference: string): InstrumentSpec {
  return { name, kind: 'histogram', unit, description, reference }
}

function gauge(name: string, unit: string, description: string, reference: string): InstrumentSpec {
  return { name, kind: 'gauge', unit, description, reference }
}
