import { type NumberId, numberIdCodec } from '../helper/number-id.js'

/** The number of a record in an in-memory log, from 1. */
export type MemoryId = NumberId

export const memoryIds = numberIdCodec('memory')
