import { placeText } from '../driver/place.js'
import type { EntryPlace } from '../driver/pulsar-driver.js'

/** The last entry of each topic whose check sum did not fit. */
export class DamagedPlaces {
  readonly #places = new Map<string, string>()

  /** Whether the entry was damaged when it was read last. Remembers it for the next reading. */
  again(topic: string, place: EntryPlace): boolean {
    const text = placeText(place)
    const again = this.#places.get(topic) === text
    this.#places.set(topic, text)
    return again
  }
}
