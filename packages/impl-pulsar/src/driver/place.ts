import type { EntryPlace } from '../driver/pulsar-driver.js'

/** Below zero when `a` lies before `b`, zero when they are the same entry, else above zero. */
export function comparePlaces(a: EntryPlace, b: EntryPlace): number {
  return a.ledger - b.ledger || a.entry - b.entry
}

/** A place as operators know it from Pulsar's own tools: `ledger:entry`. */
export function placeText({ ledger, entry }: EntryPlace): string {
  return `${ledger}:${entry}`
}
