/** Fields of Pulsar's `MessageMetadata`, which stands in front of every entry. */
export const PRODUCER_NAME = 1
export const SEQUENCE_ID = 2
export const PUBLISH_TIME = 3
export const PROPERTIES = 4
export const PARTITION_KEY = 6
export const COMPRESSION = 8
export const UNCOMPRESSED_SIZE = 9
export const NUM_MESSAGES_IN_BATCH = 11
export const ENCRYPTION_KEYS = 13
export const MARKER_TYPE = 20
export const TXNID_LEAST_BITS = 22
export const TXNID_MOST_BITS = 23
export const NUM_CHUNKS_FROM_MSG = 27

/** Fields of `SingleMessageMetadata`, which stands in front of every message of a batch. */
export const SINGLE_PROPERTIES = 1
export const SINGLE_PAYLOAD_SIZE = 3
export const SINGLE_COMPACTED_OUT = 4

/** Fields of `KeyValue`. */
export const KEY = 1
export const VALUE = 2

/** Kinds of fields, in the three lowest bits of a tag: a number, and bytes with their length in front. */
export const VARINT = 0
export const LENGTH_DELIMITED = 2

/** The size of a message's metadata, or of an entry's, is an unsigned, big-endian 32-bit number. */
export const SIZE_BYTES = 4
