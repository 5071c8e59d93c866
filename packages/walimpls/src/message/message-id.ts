/** A position in a backend's log. Compared only within one backend, by that backend's `MessageIdCodec`. */
export interface MessageId {
  /** Name of the backend that gave it out. */
  readonly backend: string
}

/** Order and text form of a backend's ids. The order is the log's read order. */
export interface MessageIdCodec<I extends MessageId = MessageId> {
  /** Negative, zero or positive. Throws `WAL_INVALID_ARGUMENT` for an id of another backend. */
  compare(a: I, b: I): number
  /** ASCII, no white space; `parse` gives back an equal id. */
  serialise(id: I): string
  /** Throws `WAL_INVALID_ARGUMENT` for text that `serialise` could not have made. */
  parse(text: string): I
  /**
   * The same ids, at least one, in less room than an object each, where they allow it. Optional: the adaptor keeps the
   * ids of its write-ahead buffer so, where many objects cost more (in the garbage collector) than all else of them.
   */
  pack?(ids: readonly I[]): PackedIds<I>
  /**
   * Whether `id` lies directly behind `before`, so that no record can lie between them. Optional, for ids that have no
   * holes: the adaptor looks into the log when a writer's batch does not follow its last one, since somebody else's
   * record may then lie between. Without it the adaptor relies on the backend's fence alone.
   */
  follows?(id: I, before: I): boolean
}

/** Ids by their index; perhaps made again whenever one is asked for. An array of ids does as well. */
export interface PackedIds<I extends MessageId = MessageId> {
  at(index: number): I | undefined
}
