/** Where the fields of a record batch (format version 2) are, in bytes from its beginning. */
export const BASE_OFFSET = 0
export const BATCH_LENGTH = 8
export const LEADER_EPOCH = 12
export const MAGIC = 16
export const CRC = 17
export const ATTRIBUTES = 21
export const LAST_OFFSET_DELTA = 23
export const BASE_TIMESTAMP = 27
export const MAX_TIMESTAMP = 35
export const PRODUCER_ID = 43
export const PRODUCER_EPOCH = 51
export const BASE_SEQUENCE = 53
export const RECORD_COUNT = 57
/** The length of the header: where the records begin. */
export const RECORDS = 61

/** The field `BATCH_LENGTH` counts the bytes from here on. */
export const COUNTED_FROM = LEADER_EPOCH
/** The check sum covers the bytes from here to the end. */
export const CHECKED_FROM = ATTRIBUTES

/** The format version that is read and written here. */
export const MAGIC_2 = 2

/** Bits of the attributes. */
export const COMPRESSION_BITS = 7
export const TRANSACTIONAL_BIT = 16
export const CONTROL_BIT = 32
