import assert from 'node:assert/strict'
import { memoryBuilder } from '@wal/core/testing'
import {
  encodeInt64,
  encodeUint64,
  type MessageId,
  type MessageIdCodec,
  type StartPosition,
  type StoredMessage,
  systemRuntime,
  WalError,
} from '@wal/walimpls'
import { test } from 'vitest'
import type { LogView } from './log-view.js'
import { RangeScanner } from './range-scanner.js'

const ids = memoryBuilder().messageIds as MessageIdCodec

/** Record `n` of the log. `incarnation` is that of its writer. */
function record(n: number, incarnation = 'a'): StoredMessage {
  const properties = ['_v', '1', '_t', '1000', '_wt', encodeInt64(1n), '_wi', incarnation]
  properties.push('_tt', encodeUint64(BigInt(n)), '_lcs', '', '_pt', '')
  return { id: ids.parse(String(n)), payload: Buffer.from(''), properties }
}

type Answer = readonly StoredMessage[] | Error

const broken = (why: string) => new WalError('WAL_UNAVAILABLE', why)
const damaged = new WalError('WAL_CORRUPT', 'record 2 is damaged')

/** A fake backend, whose scanners give these answers. */
function view(...scanners: Answer[][]) {
  const starts: string[] = []
  let open = 0
  const read = ({ start }: { readonly start: StartPosition<MessageId> }) => {
    const answers = scanners[starts.length]
    assert.ok(answers, 'one more scanner than the test expects')
    starts.push(typeof start === 'string' ? start : ids.serialise(start.from))
    open++
    return {
      ready: async () => {},
      async next() {
        const answer = answers.shift()
        assert.ok(answer, 'one more call than the test expects')
        if (answer instanceof Error) throw answer
        return answer
      },
      async close() {
        open--
      },
    }
  }
  const logger = { debug() {}, info() {}, warn() {}, error() {} }
  const log = { read, last: async () => undefined }
  const made: LogView = { where: 'the log', ids, log, logger, runtime: systemRuntime, signal: undefined }
  return { view: made, starts, openScanners: () => open }
}

/** Reads up to the log's end, and returns the numbers of the records. */
async function readAll(made: LogView): Promise<string[]> {
  const scanner = new RangeScanner(made, 'oldest')
  const seen: string[] = []
  try {
    for (;;) {
      const batch = await scanner.next()
      if (batch.length === 0) return seen
      for (const { id } of batch) seen.push(ids.serialise(id))
    }
  } finally {
    await scanner.close()
  }
}

test('a scanner that breaks off is replaced by one that starts at the last record read', async () => {
  const made = view(
    [[record(1), record(2)], broken('the connection was lost')],
    [[record(2)], [record(3)], broken('the connection was lost')],
    [[record(3), record(4)], []],
  )
  assert.deepEqual(await readAll(made.view), ['1', '2', '3', '4'])
  assert.deepEqual(made.starts, ['oldest', '2', '3'])
  assert.equal(made.openScanners(), 0)
})

for (const [what, answer] of [
  ['another writer’s record in its place', [record(2, 'b'), record(3)]],
  ['a later record', [record(3)]],
  ['no record', []],
] as const)
  test(`a scanner that breaks off, and then ${what}, rejects with the failure`, async () => {
    const made = view([[record(1), record(2)], broken('the connection was lost')], [answer])
    await assert.rejects(readAll(made.view), broken('the connection was lost'))
    assert.equal(made.openScanners(), 0)
  })

test('a scanner that fails before it gave a new record rejects with its failure', async () => {
  await assert.rejects(readAll(view([broken('nobody listens')]).view), broken('nobody listens'))
  const made = view([[record(1)], broken('the connection was lost')], [[record(1)], broken('nobody listens')])
  await assert.rejects(readAll(made.view), broken('nobody listens'))
})

test('a failure that can’t pass is not followed by another scanner', async () => {
  await assert.rejects(readAll(view([[record(1)], damaged]).view), damaged)
})
