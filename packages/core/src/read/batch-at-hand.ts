import type { Position } from '../api/position.js'
import type { ScannerElement } from '../api/scanner.js'
import { DeliveredMessage } from './delivered-message.js'
import type { Delivered } from './delivery-stage.js'

/** Where a scanner has got to. */
interface Place {
  readonly position: Position
}

/** What a scanner has read and not handed out yet, and how far everything is handed out. */
export class BatchAtHand {
  #elements: readonly ScannerElement[] = []
  /** Of the next element to be handed out. */
  #index = 0
  #last: Place | undefined
  /** How far everything was handed out when the elements came. */
  #before: Place | undefined
  /** How far everything is handed out once the elements are. */
  #behind: Place | undefined

  get isEmpty(): boolean {
    return this.#index === this.#elements.length
  }

  /** Position of the last element that was handed out. */
  get position(): Position | undefined {
    return this.#last?.position
  }

  /**
   * Up to where everything is handed out that is to be. It is a later position than that of the last element, where the
   * filters admitted nothing of what was read since.
   */
  get progress(): Position | undefined {
    return this.#reached?.position
  }

  /** The next elements. None may be at hand any more. */
  put({ elements, looked }: Delivered): void {
    this.#before = this.#reached
    this.#elements = elements
    this.#index = 0
    this.#behind = looked ?? this.#behind
  }

  /** Hands out one element, which must be there. */
  handOut(): ScannerElement {
    const element = this.#elements[this.#index++] as ScannerElement
    this.#last = element
    if (this.#index === this.#elements.length) this.#empty()
    return element
  }

  /** Hands out all the elements that are left; at least one must be. */
  handOutAll(): readonly ScannerElement[] {
    const elements = this.#index === 0 ? this.#elements : this.#elements.slice(this.#index)
    this.#last = elements[elements.length - 1] as ScannerElement
    this.#empty()
    return elements
  }

  /** Lets go of what is at hand. It is not handed out, so progress ends where the user is. */
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

/** A message that was handed out is its user's: it is not kept for its position. */
function lasting(place: Place): Place {
  return place instanceof DeliveredMessage ? place.place : place
}
