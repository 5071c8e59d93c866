import { numberIdCodec } from '@wal/walimpls/helper'

/** Ids are record numbers: 1, 2, 3, … without gaps over segments and writers. */
export const messageIds = numberIdCodec('file')
