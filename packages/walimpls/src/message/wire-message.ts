import type { MessageId } from './message-id.js'

/**
 * Property keys and values in turn: `[key, value, key, value, …]`, every key once. Flat, because a Map per message
 * costs more than everything else on the way of an append (`docs/decisions/contract.md`).
 */
export type PropertyList = readonly string[]

/**
 * What is stored, exactly: an opaque payload and text properties. A backend keeps both unchanged and
 * in order, and looks into the properties no more than it must. Both may be reused by the adaptor after `append` has
 * settled; a backend that keeps them longer copies them.
 */
export interface WireMessage {
  readonly payload: Uint8Array
  readonly properties: PropertyList
}

/** A stored message, as a backend's scanner gives it out. It belongs to the receiver. */
export interface StoredMessage<I extends MessageId = MessageId> extends WireMessage {
  readonly id: I
}
