import { HistoryWriter } from '@wal/conformance'
import {
  encodeUint64,
  LogRolledBackError,
  type MessageId,
  type MessageIdCodec,
  WalError,
} from '@wal/walimpls'
import { expect, test } from 'vitest'
import { LostRanges } from './lost-ranges.js'

/** Message ids of the form `10-2`. They are compared as numbers: `10-2` is above `9-3`. */
class PairId implements MessageId {
  readonly backend = 'pairs'

  constructor(
    readonly first: number,
    readonly second: number,
  ) {}
}

const pairIds: MessageIdCodec<PairId> = {
  compare: (a, b) => a.first - b.first || a.second - b.second,
  serialise: ({ first, second }) => `${first}-${second}`,
  parse(text) {
    const [first, second] = text.split('-').map(Number)
    return new PairId(first as number, second as number)
  },
}

const announcement = (kept: string, known: string) =>
  new WalError(
    'WAL_LOG_ROLLED_BACK',
    `log: records behind ${kept} up to ${known} were acknowledged and are gone. The log lost its end.`,
  )

/** A log in which a record's time tick is made of the two numbers of its id. */
function scene(...known: readonly string[]) {
  const history = new HistoryWriter()
  const lost = new LostRanges(history, pairIds)
  const know = (...ids: readonly string[]) => {
    for (const id of ids) lost.know(id, tickOf(id))
  }
  know(...known)
  const told = () =>
    history.events.map((event) => (event.kind === 'rolled-back' ? [event.after, event.upTo] : event.kind))
  return { lost, know, told }
}

const tickOf = (id: string) => BigInt(id.replace('-', ''))

test('an announcement tells of the records that it names and that somebody knew, and of no others', () => {
  const { lost, told } = scene('10-1', '10-2', '10-4', '10-5', '20-1')
  const isKept = lost.announced(announcement('10-2', '10-4'))
  expect(told()).toEqual([['103', '104']])
  expect(['10-2', '10-3', '20-1'].map((id) => isKept(id, tickOf(id)))).toEqual([true, false, false])
  expect(lost.records).toBe(1)
})

test('who is told of the same is told of nothing new; who knew more is told of that', () => {
  const { lost, know, told } = scene('10-1', '10-2', '10-3')
  lost.announced(announcement('10-1', '10-2'))
  know('10-2')
  lost.announced(announcement('10-1', '10-2'))
  lost.announced(announcement('10-1', '10-3'))
  expect(told()).toEqual([
    ['101', '102'],
    ['102', '103'],
  ])
  expect(lost.records).toBe(2)
})

test('a next writer that is lost whole is another loss, though the log ends at the same place', () => {
  const { lost, know, told } = scene('10-1', '10-2')
  lost.announced(announcement('10-1', '10-2'))
  know('20-1', '20-2')
  // A late announcement of the first loss. The records of the next writer are not lost by it.
  lost.announced(announcement('10-1', '10-2'))
  expect(told()).toEqual([['101', '102']])
  lost.announced(announcement('10-1', '20-2'))
  expect(told()).toEqual([
    ['101', '102'],
    ['200', '202'],
  ])
})

test('time ticks are named where the record of a position is gone', () => {
  const { lost, told } = scene('10-1', '10-2', '10-3')
  const message = 'log: records behind time tick 101 up to time tick 102 were acknowledged and are gone'
  const isKept = lost.announced(new WalError('WAL_LOG_ROLLED_BACK', message))
  expect(told()).toEqual([['101', '102']])
  expect([isKept('10-1', 101n), isKept('10-2', 102n)]).toEqual([true, false])
})

test('what a text does not name, the positions of core do', () => {
  const position = (timeTick: bigint) => `wal1:pairs:log:${timeTick}-0:1:writer:${encodeUint64(timeTick)}`
  const { lost, told } = scene('10-1', '10-2', '10-3')
  const message = 'log: records up to message 10-2 were acknowledged and are gone'
  const places = { known: position(102n), resumeAt: position(101n) }
  lost.announced(new LogRolledBackError(message, places))
  expect(told()).toEqual([['101', '102']])
  const upTo = 'log: records up to time tick 103 were acknowledged and are gone'
  lost.announced(new LogRolledBackError(upTo, { resumeAt: places.resumeAt }))
  expect(told()).toEqual([
    ['101', '102'],
    ['102', '103'],
  ])
})

test('anything else, and a loss without a range, is thrown', () => {
  const { lost, told } = scene('10-1')
  const unavailable = new Error('no connection')
  expect(() => lost.announced(unavailable)).toThrow(unavailable)
  const vague = new WalError('WAL_LOG_ROLLED_BACK', 'the log lost its end')
  expect(() => lost.announced(vague)).toThrow(vague)
  expect(told()).toEqual([])
})
