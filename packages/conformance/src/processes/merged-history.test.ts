import { expect, test } from 'vitest'
import { MergedHistory } from './merged-history.js'

test('events are sorted by the time at which they happened; those of one moment keep the order of arrival', () => {
  const history = new MergedHistory()
  const failed = (append: string) => ({ kind: 'append-failed', append, code: 'x' }) as const
  history.add(failed('second'), 20n)
  history.add(failed('third'), 20n)
  history.add(failed('first'), 10n)
  history.add(failed('now'))
  const events = history.merged().events
  expect(events.map((event) => 'append' in event && event.append)).toEqual([
    'first',
    'second',
    'third',
    'now',
  ])
  expect(events.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4])
})
