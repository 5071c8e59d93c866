import type { EntryPlace } from '../driver/pulsar-driver.js'

/** The last entry of each topic whose check sum did not fit. */
export class DamagedPlaces {
  readonly #places = new Map<string, string>()

  /** Whether the entry was damaged when it was read last. Remembers it for the next reading. */
  again(topic: string, { ledger, entry }: EntryPlace): boolean {
    const place = `${ledger}:${entry}`
    const again = this.#places.get(topic) === place
    this.#places.set(topic, place)
    return again
  }
}
