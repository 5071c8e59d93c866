import { numberIdCodec } from '@wal/walimpls/helper'

/** The ids of this backend: offsets of a topic's partition 0. The text form is that of Milvus. */
export const messageIds = numberIdCodec('kafka')
