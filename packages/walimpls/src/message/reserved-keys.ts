/**
 * Names of the properties that the library itself writes, reads or refuses. Every property key that begins with `_` is
 * reserved, these and all others: `docs/wire-format.md` lists them with their encodings. The keys of the first group are
 * Milvus', so that either system reads the other's records; those of the second group are ours.
 */
export const RESERVED = {
  version: '_v',
  type: '_t',
  term: '_wt',
  timeTick: '_tt',
  barrierTimeTick: '_btt',
  /**
   * The last-confirmed id: reading from it delivers every message with a greater time tick. A record has this key or `_lcs`,
   * never both.
   */
  lastConfirmed: '_lc',
  /** Flag: the last-confirmed id is the id of the record itself. */
  lastConfirmedIsSelf: '_lcs',
  vchannel: '_vc',
  /**
   * The transaction of a message, in another system's log. This library refuses to read such a record, and the error names the
   * key.
   */
  transaction: '_tx',
  /**
   * Marks a piece of a message that another system split up. This library refuses to read such a record, and the error names
   * the key.
   */
  chunkIndex: '_ci',

  /**
   * The writer's incarnation: random text, made when a writer opens, so that two writers of one term differ. Only this library writes
   * this key. In a log of records that have it, time ticks rise in the order of storage; in logs of other systems they need not.
   */
  incarnation: '_wi',
  /** The serialised id of the last stored time tick that was acknowledged before this record was sent. */
  previousTick: '_pt',
  /** Flag of an opening record: the time tick with which a writer makes itself the current one. */
  opening: '_op',
  /** The identity of the log, in records that are a time tick: a random text, made with the log's first opening record. */
  logIdentity: '_li',
  /**
   * In records that are a time tick: where reading has to begin to know what the writer knew, `id term incarnation timeTick`
   * separated by spaces. Empty: the record itself, as in a log's first record.
   */
  recoveryPoint: '_rp',
  /**
   * In records that are a time tick: the truncation point, `id term incarnation timeTick` with spaces between. Absent in a log
   * that was never truncated.
   */
  truncationPoint: '_tp',
} as const

export const MESSAGE_FORMAT_VERSION = 1
