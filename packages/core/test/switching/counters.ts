/** How often each event has happened. The test fails when one never happens, since it then proves nothing about it. */
export class Counters {
  appends = 0
  deliveries = 0
  'switches from catch-up to tailing' = 0
  'evictions under a tailing reader' = 0
  'fallbacks from tailing at a takeover' = 0
  'backend errors in catch-up' = 0
  cancellations = 0
  resumptions = 0
  'leaps of time' = 0
  'wall clock moved' = 0
  barriers = 0
  takeovers = 0
  'stored duplicates' = 0
  'unknown outcomes' = 0

  count(event: Event): void {
    this[event]++
  }

  get lowest(): number {
    return Math.min(...Object.values(this))
  }

  toString(): string {
    return Object.entries(this)
      .map(([event, count]) => `${event}: ${count}`)
      .join(', ')
  }
}

type Event = Exclude<
  { [K in keyof Counters]: Counters[K] extends number ? K : never }[keyof Counters],
  'lowest'
>
