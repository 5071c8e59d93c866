import { type NumberId, numberIdCodec } from '../helper/number-id.js'

/** A record number, from 1. */
export type MemoryId = NumberId

export const memoryIds = numberIdCodec('memory')
