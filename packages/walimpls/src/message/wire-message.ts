import type { MessageId } from './message-id.js'

/**
 * Property keys and values by turns, `[key, value, key, value, …]`, with every key once. It is flat because a Map for each
 * message would cost more than all other work of an append (`docs/decisions/contract.md`).
 */
export type PropertyList = readonly string[]

/**
 * A record as a backend stores it: a payload of any bytes, and text properties. A backend keeps payload, properties and their
 * order unchanged. The adaptor may reuse both once `append` has settled; a backend that needs them longer copies them.
 */
export interface WireMessage {
  readonly payload: Uint8Array
  readonly properties: PropertyList
}

/** A stored record, as a backend's scanner gives it out. The receiver may keep and change it. */
export interface StoredMessage<I extends MessageId = MessageId> extends WireMessage {
  readonly id: I
}
