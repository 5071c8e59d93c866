/** A place in a backend's log. Ids are compared only with ids of the same backend, by its `MessageIdCodec`. */
export interface MessageId {
  /** Name of the backend that gave out the id. */
  readonly backend: string
}

/** The order and the text form of a backend's message ids. Records are read in the order of their ids. */
export interface MessageIdCodec<I extends MessageId = MessageId> {
  /**
   * Compares two ids: negative when `a` comes first, zero when they are equal, else positive. Throws `WAL_INVALID_ARGUMENT` for
   * an id of another backend.
   */
  compare(a: I, b: I): number
  /** The text of an id: ASCII without white space. `parse` turns it back into an equal id. */
  serialise(id: I): string
  /** The id that a text stands for. Throws `WAL_INVALID_ARGUMENT` for a text that `serialise` never makes. */
  parse(text: string): I
  /**
   * Stores one or more ids in less memory than one object each takes. Optional. The adaptor packs the ids in its write-ahead
   * buffer: thousands of small objects there would cost more in garbage collection than everything else in the buffer.
   */
  pack?(ids: readonly I[]): PackedIds<I>
  /**
   * Whether `id` comes directly after `before`, so that no record can lie between the two. Optional, for backends whose ids
   * have no holes. When a batch of a writer does not follow the writer's last batch, another writer's record may lie between,
   * and the adaptor reads the log to find out. For a backend without `follows` the adaptor relies on the fence alone.
   */
  follows?(id: I, before: I): boolean
}

/** Ids that are found by their index. Each access may make a new object. An array of ids fits this type too. */
export interface PackedIds<I extends MessageId = MessageId> {
  at(index: number): I | undefined
}
