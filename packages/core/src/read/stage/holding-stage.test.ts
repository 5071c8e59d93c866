import assert from 'node:assert/strict'
import { memoryBuilder } from '@wal/core/testing'
import type { MessageId, MessageIdCodec } from '@wal/walimpls'
import { test } from 'vitest'
import { type LogRecord, startFrom } from '../../log/log-record.js'
import { HoldingStage } from './holding-stage.js'
import { EndedRun, type Unit } from './read-stage.js'

const ids = memoryBuilder().messageIds as MessageIdCodec

/** A record with number `id`, whose vchannel names a part of a unit: `a1` and `a2` are the halves of unit `a`. */
function record(id: number, name: string, parts: Partial<LogRecord> = {}): Unit {
  const writer = { term: 1, incarnation: 'x', lastConfirmed: '' }
  return { id: ids.parse(String(id)) as MessageId, vchannel: name, ...writer, ...parts } as Unit
}

/** A stage that joins two halves to one unit. */
class Halves extends HoldingStage {
  readonly #held = new Map<string, Unit>()

  constructor() {
    super({ ids, where: 'a log' })
  }

  protected get firstHeld(): LogRecord | undefined {
    return this.#held.values().next().value
  }

  protected passOne(record: Unit, out: Unit[]): void {
    const [name = '', half] = record.vchannel
    if (name === '!') throw new Error('damaged')
    if (half === '1') this.#held.set(name, record)
    else if (half === undefined) out.push(record)
    else if (this.#held.delete(name)) out.push({ ...record, vchannel: name })
  }

  protected drop(): void {
    this.#held.clear()
  }
}

/** Each unit that comes out, with the id of the record at which a reader starts that is given the unit's position. */
const shown = (units: readonly Unit[]) => units.map((unit) => `${unit.vchannel} from ${startFrom(unit, ids)}`)

test('a unit’s position begins at the first record that was held back when it came out', () => {
  const stage = new Halves()
  const runs = [
    [record(1, 'm'), record(2, 'a1'), record(3, 'm')],
    [record(4, 'b1'), record(5, 'a2'), record(6, 'm'), record(7, 'b2'), record(8, 'm')],
  ]
  assert.deepEqual(
    runs.map((run) => shown(stage.pass(run))),
    [
      ['m from 1', 'm from 2'],
      ['a from 2', 'm from 4', 'b from 4', 'm from 8'],
    ],
  )
})

test('a position that begins before the held records stays as it is, and shared records are not changed', () => {
  const stage = new Halves()
  const early = record(3, 'm', { lastConfirmed: '1' })
  const late = record(4, 'm')
  assert.deepEqual(shown(stage.pass([record(2, 'a1'), early, late])), ['m from 1', 'm from 2'])
  assert.equal(late.lastConfirmed, '')
})

test('a record of another writer, or a gap, ends what is held', () => {
  const stage = new Halves()
  const other = { incarnation: 'y' }
  const run = [record(1, 'a1'), record(2, 'm', other), record(3, 'a2', other)]
  assert.deepEqual(shown(stage.pass(run)), ['m from 2'])
  stage.pass([record(4, 'a1', other)])
  stage.passGap()
  assert.deepEqual(shown(stage.pass([record(9, 'a2', other), record(10, 'm', other)])), ['m from 10'])
})

test('what came out before a record that ends the reader is not lost', () => {
  const stage = new Halves()
  assert.throws(
    () => stage.pass([record(1, 'm'), record(2, '!'), record(3, 'm')]),
    (ended) => ended instanceof EndedRun && ended.before.length === 1 && /damaged/.test(String(ended.error)),
  )
})
