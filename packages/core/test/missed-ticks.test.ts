import assert from 'node:assert/strict'
import type { PositionTruncatedError } from '@wal/walimpls'
import { test } from 'vitest'
import type { Gap, ScannerElement } from '../src/index.js'
import { brokenBuilder } from './broken-backends/broken-builder.js'
import { cleanLogs, message, open, openReader, texts } from './harness.js'
import { rawLog } from './raw-log.js'

cleanLogs()

const shown = (each: ScannerElement): string =>
  each.kind === 'message' ? Buffer.from(each.payload).toString() : each.kind

/** Scanners of this backend leave out records, and neither an error nor an id says so. */
function leavingOut() {
  const left = { from: Number.POSITIVE_INFINITY, to: 0 }
  const builder = brokenBuilder({
    scanner: (scanner) => ({
      async next() {
        for (;;) {
          const batch = await scanner.next()
          const kept = batch?.filter(({ id }) => {
            const { value } = id as unknown as { value: number }
            return value < left.from || value > left.to
          })
          if (batch === undefined || batch.length === 0 || (kept?.length ?? 0) > 0) return kept
        }
      },
    }),
  })
  return { builder, left }
}

/** Messages 0 to 9, a time tick behind each. All reads leave out the records from message 3 to the time tick behind 6. */
async function filled() {
  const { builder, left } = leavingOut()
  const wal = await open({ builder, timeTickMs: 60_000 })
  const positions: string[] = []
  for (let i = 0; i < 10; i++) {
    positions.push((await wal.append(message(String(i)))).position)
    await wal.barrier()
  }
  const records = await (await rawLog()).all()
  const numberOf = (payload: string) => {
    const found = records.find((record) => Buffer.from(record.payload).toString() === payload)
    assert.ok(found)
    return (found.id as unknown as { value: number }).value
  }
  left.from = numberOf('3')
  left.to = numberOf('7') - 1
  return { builder, wal, positions }
}

test('H212: a reader of a backend that passes over records in silence is told that they are gone', async () => {
  const { builder, positions } = await filled()
  const reader = await openReader({ builder })
  for (const start of [{}, { from: positions[1] as string }, { after: positions[3] as string }]) {
    const seen: string[] = []
    const reading = (async () => {
      for await (const each of reader.read({ ...start, until: 'end' })) seen.push(shown(each))
    })()
    const error = await reading.then(
      () => assert.fail(`read ${seen} to the end`),
      (reason: PositionTruncatedError) => reason,
    )
    assert.equal(error.code, 'WAL_POSITION_TRUNCATED')
    assert.deepEqual(
      seen.filter((each) => Number(each) > 2),
      [],
    )
    assert.deepEqual(await texts(reader.read({ from: error.oldest as string, until: 'end' })), [
      '7',
      '8',
      '9',
    ])
  }
})

test('G8 with gaps delivered, a reader gets one gap where a backend passed over records in silence', async () => {
  const { builder } = await filled()
  const reader = await openReader({ builder })
  const seen: ScannerElement[] = []
  for await (const each of reader.read({ gaps: 'deliver', until: 'end' })) seen.push(each)
  assert.deepEqual(seen.map(shown), ['0', '1', '2', 'gap', '7', '8', '9'])
  assert.equal((seen[3] as Gap).reason, 'lost')
  assert.deepEqual(await texts(reader.read({ after: (seen[3] as Gap).position, until: 'end' })), [
    '7',
    '8',
    '9',
  ])
})
