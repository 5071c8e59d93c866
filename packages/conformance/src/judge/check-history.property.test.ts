import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'vitest'
import type { Delivered, EventBody, HistoryEvent } from '../history/history-event.js'
import { HistoryWriter } from '../history/history-writer.js'
import { checkHistory } from './check-history.js'

interface Stored {
  readonly id: number
  readonly tick: number
  readonly append: string
  readonly term: number
}
interface Sample {
  readonly events: readonly HistoryEvent[]
  /** A message whose append was rejected as not written. */
  readonly notWritten: Stored
  /** A message that is stored but void, since it lies behind a newer writer's opening record. */
  readonly void: Stored
  readonly truncatedTo: number
}

/** Records the history of a simple correct log. Each number of `steps` decides what happens next. */
function run(steps: readonly number[], namesAppends: boolean): Sample {
  const history = new HistoryWriter()
  const log: Stored[] = []
  const scanners = new Map<string, { next: number }>()
  let id = 0
  let term = 1
  let names = 0
  let truncatedTo = 0
  let truncatedIndex = 0
  const open: Stored[] = []

  const invoke = () => {
    const append = `m${++names}`
    history.add({
      kind: 'append-invoked',
      append,
      writer: { term, incarnation: 'i' },
      vchannel: 'v',
      payloadHash: `#${append}`,
    })
    return append
  }
  const store = (append: string) => {
    const stored = { id: ++id, tick: id * 10, append, term }
    log.push(stored)
    return stored
  }
  const acknowledge = ({ append, id: at, tick }: Stored) =>
    history.add({ kind: 'append-ok', append, id: at.toString(36), timeTick: `${tick}` })
  const scan = (name: string, start: 'all' | { after: string }, next: number) => {
    scanners.set(name, { next })
    history.add({ kind: 'scanner-started', scanner: name, start })
  }
  const deliver = (name: string, count: number) => {
    const scanner = scanners.get(name)
    if (scanner === undefined) return
    if (scanner.next < truncatedIndex) {
      history.add({ kind: 'scanner-gap', scanner: name, reason: 'truncated', upTo: `${truncatedTo}` })
      scanner.next = truncatedIndex
    }
    for (let i = 0; i < count && scanner.next < log.length; i++) {
      history.add(delivery(name, log[scanner.next++] as Stored, namesAppends))
    }
  }
  const takeOver = () => {
    const opening = ++id
    history.add({ kind: 'opened', writer: { term: ++term, incarnation: 'i' }, id: opening.toString(36) })
  }

  const certain = invoke()
  history.add({ kind: 'append-failed', append: certain, code: 'WAL_TIMEOUT' })
  const notWritten = { id: ++id, tick: id * 10, append: certain, term }
  scan('early', 'all', 0)
  scan('second', 'all', 0)
  acknowledge(store(invoke()))
  for (const step of steps) {
    const kind = step % 12
    if (kind < 3) acknowledge(store(invoke()))
    else if (kind === 3) open.push(store(invoke()))
    else if (kind === 4) for (const stored of open.splice(0)) acknowledge(stored)
    else if (kind === 5) {
      // The batch was sent twice and stored twice. The acknowledgement names the second copy.
      const stored = store(invoke())
      acknowledge({ ...stored, id: ++id })
    } else if (kind === 6) {
      const append = invoke()
      const stored = step % 5 < 3 ? store(append) : undefined
      history.add({ kind: 'append-unknown', append })
      if (step % 7 < 3)
        history.add(
          stored === undefined
            ? { kind: 'append-resolved', append, outcome: 'not-written' }
            : {
                kind: 'append-resolved',
                append,
                outcome: 'written',
                id: stored.id.toString(36),
                timeTick: `${stored.tick}`,
              },
        )
    } else if (kind === 7) takeOver()
    else if (kind === 8) scan(`s${scanners.size}`, 'all', truncatedIndex)
    else if (kind === 9 && log.length > truncatedIndex) {
      const next = truncatedIndex + (step % (log.length - truncatedIndex))
      const stored = log[next] as Stored
      scan(`s${scanners.size}`, { after: `${stored.tick}` }, next + 1)
    } else if (kind === 10 && step % 3 === 0 && log.length > truncatedIndex + 1) {
      truncatedIndex += 1
      truncatedTo = (log[truncatedIndex - 1] as Stored).tick
      history.add({ kind: 'truncate-invoked', timeTick: `${truncatedTo}` })
      history.add({ kind: 'truncated', timeTick: `${truncatedTo}` })
    } else deliver([...scanners.keys()][step % scanners.size] as string, 1 + (step % 4))
  }
  const lost = invoke()
  history.add({ kind: 'append-unknown', append: lost })
  const old = term
  takeOver()
  const hidden = { id: ++id, tick: id * 10, append: lost, term: old }
  acknowledge(store(invoke()))
  acknowledge(store(invoke()))
  for (const name of scanners.keys()) {
    deliver(name, log.length)
    history.add({ kind: 'scanner-reached', scanner: name, timeTick: `${(id + 1) * 10}` })
  }
  return { events: history.events, notWritten, void: hidden, truncatedTo }
}

function delivery(scanner: string, { id, tick, append, term }: Stored, namesAppend: boolean): Delivered {
  const body = { scanner, id: id.toString(36), timeTick: `${tick}`, payloadHash: `#${append}`, term }
  return { kind: 'delivered', ...body, incarnation: 'i', ...(namesAppend ? { append } : {}) }
}

const renumber = (events: readonly EventBody[]): HistoryEvent[] =>
  events.map((event, i) => ({ ...event, sequence: i + 1 }))

const sample = fc
  .tuple(fc.array(fc.nat(100_000), { maxLength: 80 }), fc.boolean())
  .map(([steps, namesAppends]) => ({ ...run(steps, namesAppends), namesAppends }))

test('a random correct history breaks no rule', () => {
  fc.assert(
    fc.property(sample, ({ events }) => assert.deepEqual(checkHistory(events), [])),
    { numRuns: 300 },
  )
})

test('one wrong delivery in a random history is always found', () => {
  const mutations = ['drop', 'swap', 'duplicate', 'not-written', 'void', 'hash'] as const
  fc.assert(
    fc.property(sample, fc.constantFrom(...mutations), fc.nat(), (sampled, mutation, choice) => {
      const events: HistoryEvent[] = [...sampled.events]
      const isKept = (event: HistoryEvent): event is Delivered & HistoryEvent =>
        // A scanner may have started behind a truncated range, so a message of that range that is missing breaks no rule.
        event.kind === 'delivered' && Number(event.timeTick) > sampled.truncatedTo
      const of = (scanner: string) => events.filter((event) => isKept(event) && event.scanner === scanner)
      const chosen = ['early', 'second'][choice % 2] as string
      const mine = of(chosen)
      const target = mine[choice % mine.length] as Delivered & HistoryEvent
      const at = events.indexOf(target)
      const insert = (stored: Stored) => {
        // The event that the test adds stands where a delivery of this record would be right. So its only fault is that it is
        // there.
        const next = events.findIndex(
          (event) =>
            (event.kind === 'delivered' &&
              event.scanner === chosen &&
              Number(event.timeTick) > stored.tick) ||
            (event.kind === 'scanner-reached' && event.scanner === chosen),
        )
        events.splice(next, 0, { ...delivery(chosen, stored, sampled.namesAppends), sequence: 0 })
      }
      if (mutation === 'drop') events.splice(at, 1)
      else if (mutation === 'duplicate') events.splice(at, 0, target)
      else if (mutation === 'hash') events[at] = { ...target, payloadHash: '#changed' }
      else if (mutation === 'not-written') insert(sampled.notWritten)
      else if (mutation === 'void') insert(sampled.void)
      else {
        const [one, two] = mine.slice(-2) as [HistoryEvent, HistoryEvent]
        const [first, second] = [events.indexOf(one), events.indexOf(two)]
        events[first] = two
        events[second] = one
      }
      assert.notDeepEqual(checkHistory(renumber(events)), [], mutation)
    }),
    { numRuns: 1_000 },
  )
})
