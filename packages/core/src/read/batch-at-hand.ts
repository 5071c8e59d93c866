import type { Position } from '../api/position.js'
import type { ScannerElement } from '../api/scanner.js'
import { DeliveredMessage } from './delivered-message.js'
import type { Delivered } from './delivery-stage.js'

/** A place in the log up to which a scanner has handed out everything. */
interface Place {
  readonly position: Position
}

/** The batch of elements that a scanner has read and has not handed out yet, and the positions that the scanner has reached. */
export class BatchAtHand {
  #elements: readonly ScannerElement[] = []
  /** Index of the element that is handed out next. */
  #index = 0
  #last: Place | undefined
  /** The place up to which everything was handed out when this batch was put here. */
  #before: Place | undefined
  /** The place up to which everything is handed out as soon as this batch is. */
  #behind: Place | undefined

  get isEmpty(): boolean {
    return this.#index === this.#elements.length
  }

  /** Position of the last element that was handed out. */
  get position(): Position | undefined {
    return this.#last?.position
  }

  /**
   * Every element up to this position was handed out. It lies above `position` when the filters refused all that was read
   * behind the last element handed out.
   */
  get progress(): Position | undefined {
    return this.#reached?.position
  }

  /** Replaces the batch, which must be empty, by the next one. */
  put({ elements, looked }: Delivered): void {
    this.#before = this.#reached
    this.#elements = elements
    this.#index = 0
    this.#behind = looked ?? this.#behind
  }

  /** Hands out one element; the batch must not be empty. */
  handOut(): ScannerElement {
    const element = this.#elements[this.#index++] as ScannerElement
    this.#last = element
    if (this.#index === this.#elements.length) this.#empty()
    return element
  }

  /** Hands out all elements that are left; the batch must not be empty. */
  handOutAll(): readonly ScannerElement[] {
    const elements = this.#index === 0 ? this.#elements : this.#elements.slice(this.#index)
    this.#last = elements[elements.length - 1] as ScannerElement
    this.#empty()
    return elements
  }

  /** Drops the batch. Its elements were not handed out, so `progress` stays at the last element that the user got. */
  drop(): void {
    const reached = this.#reached
    this.#behind = reached && lasting(reached)
    this.#empty()
  }

  get #reached(): Place | undefined {
    if (this.isEmpty) return this.#behind ?? this.#last
    return this.#index === 0 ? this.#before : this.#last
  }

  #empty(): void {
    this.#elements = []
    this.#index = 0
    this.#last = this.#last && lasting(this.#last)
  }
}

/** Keeps the place of a message that was handed out, and not the message: its user may have dropped it, with its payload. */
function lasting(place: Place): Place {
  return place instanceof DeliveredMessage ? place.place : place
}
