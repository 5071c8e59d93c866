import { HistoryWriter } from '@wal/conformance'
import { WalError } from '@wal/walimpls'
import { expect, test } from 'vitest'
import { rolledBack } from '../../src/continuity.js'
import { messageIds } from '../../src/stored/message-id.js'
import { LostRanges } from './lost-ranges.js'

const announcement = (kept: string, known: string) =>
  rolledBack('the stream', messageIds.parse(kept), messageIds.parse(known))

/** A log whose records have their id's milliseconds and ordinal in their time tick. */
function scene(...known: readonly string[]) {
  const history = new HistoryWriter()
  const lost = new LostRanges(history)
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
  // Late, of the first loss: the next writer's records are not lost by that.
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

test('anything else, and a loss without a range, is thrown', () => {
  const { lost, told } = scene('10-1')
  const unavailable = new Error('no connection')
  expect(() => lost.announced(unavailable)).toThrow(unavailable)
  const vague = new WalError('WAL_LOG_ROLLED_BACK', 'the log lost its end')
  expect(() => lost.announced(vague)).toThrow(vague)
  expect(told()).toEqual([])
})
