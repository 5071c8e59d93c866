import { readFileSync } from 'node:fs'
import { metrics, trace } from '@opentelemetry/api'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { INSTRUMENTS } from '../src/diagnostics/instruments.js'
import { cleanLogs, faulty, message, open, texts } from './harness.js'

cleanLogs()

let exported: InMemoryMetricExporter
const spans = new InMemorySpanExporter()
let reader: PeriodicExportingMetricReader

beforeEach(() => {
  exported = new InMemoryMetricExporter(AggregationTemporality.DELTA)
  reader = new PeriodicExportingMetricReader({ exporter: exported, exportIntervalMillis: 3_600_000 })
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }))
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }))
})

afterEach(async () => {
  await reader.shutdown()
  metrics.disable()
  trace.disable()
  spans.reset()
})

/** All collected data points by the name of their measurement. */
async function collected() {
  exported.reset()
  await reader.forceFlush()
  const points = new Map<string, { attributes: Record<string, unknown>; value: unknown }[]>()
  for (const { scopeMetrics } of exported.getMetrics().slice(-1))
    for (const { metrics: all } of scopeMetrics)
      for (const { descriptor, dataPoints } of all) points.set(descriptor.name, dataPoints as never)
  return points
}

test('appends are counted and measured by type and outcome', async () => {
  const wal = await open({ timeTickMs: 60_000, backend: { maxRecordBytes: 64 << 10 } })
  await wal.append(message('one'))
  await wal.appendBatch([message('two'), message('three')])
  await expect(wal.append(message('x'.repeat(70_000)))).rejects.toThrow('largest record')
  const points = await collected()
  const count = (status: string) =>
    points.get('wal.append_message.count')?.find(({ attributes }) => attributes.status === status)
  expect(count('ok')).toMatchObject({
    value: 3,
    attributes: { wal_name: 'memory', channel_name: 'log', term: 0, message_type: 'Record' },
  })
  expect(count('WAL_MESSAGE_TOO_LARGE')?.value).toBe(1)
  expect(points.get('wal.append_message.size')?.[0]?.value).toMatchObject({ count: 3, sum: 11 })
  expect(points.get('wal.append_message.duration')?.[0]?.value).toMatchObject({ count: 3 })
  expect(points.get('wal.impls_append_message.duration')?.[0]?.value).toMatchObject({ count: 2 })
  expect(points.get('wal.allocate_time_tick.count')?.[0]?.value).toBe(3)
  expect(points.get('wal.acknowledge_time_tick.count')?.[0]?.value).toBe(3)
})

test('gauges show the budget, the buffer and the clock, and end when the log closes', async () => {
  const wal = await open({ timeTickMs: 60_000, budgetBytes: 2 << 20 })
  const { timeTick } = await wal.append(message('one'))
  await wal.barrier()
  const points = await collected()
  const value = (name: string) => points.get(name)?.[0]?.value
  expect(value('wal.info')).toBe(1)
  expect(value('wal.append_in_flight.size')).toBe(0)
  expect(value('wal.append_waiting.size')).toBe(0)
  expect(value('wal.write_ahead_buffer_entry.count')).toBe(2)
  expect(value('wal.write_ahead_buffer.capacity')).toBe(1 << 20)
  expect(value('wal.write_ahead_buffer.size')).toBeGreaterThan(1000)
  expect(value('wal.last_allocated_time_tick')).toBeGreaterThanOrEqual(Number(timeTick >> 18n) / 1000)
  expect(value('wal.last_confirmed_time_tick')).toBe(value('wal.last_allocated_time_tick'))
  expect(points.get('wal.sync_time_tick.count')?.[0]?.value).toBe(1)
  await wal.close()
  expect((await collected()).get('wal.info') ?? []).toEqual([])
})

test('a batch that is sent again counts as a retry and is marked on its span', async () => {
  const backend = faulty()
  const wal = await open({ builder: backend.builder, timeTickMs: 60_000 })
  backend.plan = { script: { append: { 1: 'fail' } } }
  await wal.append(message('one'))
  const points = await collected()
  expect(points.get('wal.impls_append_message_retry.count')?.[0]?.value).toBe(1)
  const attempts = spans.getFinishedSpans().filter(({ name }) => name === 'wal.impls.append')
  expect(attempts.map(({ attributes }) => attributes['wal.batch.attempt'])).toEqual([1, 2])
  expect(attempts.map(({ status }) => status.code)).toEqual([2, 0])
})

test("an append's span is linked from the batch that carried it", async () => {
  const wal = await open({ timeTickMs: 60_000 })
  const { messageId } = await wal.append(message('one', { vchannel: 'a' }))
  const [append] = spans.getFinishedSpans().filter(({ name }) => name === 'wal.append')
  const [batch] = spans.getFinishedSpans().filter(({ name }) => name === 'wal.impls.append')
  expect(append?.attributes).toMatchObject({ 'wal.vchannel': 'a', 'wal.message_id': messageId })
  expect(batch?.links.map(({ context }) => context.spanId)).toEqual([append?.spanContext().spanId])
})

test('scanners are counted by where they read', async () => {
  const wal = await open({ timeTickMs: 60_000 })
  await wal.append(message('one', { vchannel: 'a' }))
  await wal.append(message('two', { vchannel: 'b' }))
  const scanner = wal.read({ vchannel: 'a' })
  expect(await texts(wal.read({ vchannel: 'a', until: 'end' }))).toEqual(['one'])
  await scanner.next()
  const points = await collected()
  const sum = (name: string, model: string) =>
    (points.get(name) ?? [])
      .filter(({ attributes }) => attributes.scanner_model === model)
      .reduce((all, { value }) => all + (value as number), 0)
  expect(sum('wal.scanner.count', 'tailing')).toBe(1)
  expect(sum('wal.scan_message.count', 'catchup') + sum('wal.scan_message.count', 'tailing')).toBeGreaterThan(
    3,
  )
  expect(sum('wal.scan_pass_message.count', 'catchup') + sum('wal.scan_pass_message.count', 'tailing')).toBe(
    2,
  )
  await scanner.close()
  expect((await collected()).get('wal.scanner.count')?.every(({ value }) => value === 0)).toBe(true)
})

test('docs/metrics.md lists every measurement', () => {
  const text = readFileSync(new URL('../../../docs/metrics.md', import.meta.url), 'utf8')
  for (const { name, kind, unit, description } of Object.values(INSTRUMENTS))
    expect(text).toContain(`| \`${name}\` | ${kind} | ${unit} | ${description} |`)
})
