/**
 * Property keys that begin with `_` are the library's. Those of the first group have Milvus' names and encodings,
 * so that either side reads the other's log; those of the second group are ours.
 */
export const RESERVED = {
  version: '_v',
  type: '_t',
  term: '_wt',
  timeTick: '_tt',
  barrierTimeTick: '_btt',
  /** Id to start reading from to see everything with a greater time tick. Exclusive with the next one. */
  lastConfirmed: '_lc',
  /** Flag: the last-confirmed id is the message's own. */
  lastConfirmedIsSelf: '_lcs',
  vchannel: '_vc',
  broadcastHeader: '_bh',
  header: '_h',
  transaction: '_tx',
  cipherHeader: '_ch',
  notPersisted: '_np',
  pchannelLevel: '_pcl',
  replicateHeader: '_rh',
  notReplicated: '_ur',
  traceContext: '_tc',
  partialUpdate: '_puc',
  idempotencyKey: '_ik',
  chunkIndex: '_ci',
  chunkTotal: '_ct',

  /** Incarnation of the writer. Its presence says: written by this library, storage order is time-tick order. */
  incarnation: '_wi',
  /** Serialised id of the last persisted time tick that was acknowledged before this record was sent. */
  previousTick: '_pt',
  /** Flag, on a time tick: the record with which a writer makes itself the current one. */
  opening: '_op',
  /** On a time tick: random text made with the log's first opening record. */
  logIdentity: '_li',
  /** On a time tick: serialised id from which reading rebuilds the adaptor's state; empty for the tick's own id. */
  recoveryPoint: '_rp',
  /** On a time tick: where the log begins, `id term incarnation timeTick` separated by spaces. Absent: never truncated. */
  truncationPoint: '_tp',
} as const

export type ReservedKey = (typeof RESERVED)[keyof typeof RESERVED]

export const MESSAGE_FORMAT_VERSION = 1
