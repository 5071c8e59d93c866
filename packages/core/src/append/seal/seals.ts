import type { Seal } from './seal.js'

/**
 * All seals, in the order in which they see a record. Before the first of them a record gets its stamp, so each may read it;
 * a record that one of them makes is stamped as well.
 */
export const SEALS: readonly Seal[] = []
