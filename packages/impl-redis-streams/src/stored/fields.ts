/** Field of an entry that holds the payload, always the last one. Properties are fields under their own keys. */
export const PAYLOAD_FIELD = '_payload'
/**
 * First field of an entry that does not directly follow (same milliseconds, ordinal less one) the one before it: names
 * that one. Readers go from entry to entry by it, so that nothing can vanish in between unnoticed.
 */
export const PREVIOUS_FIELD = '_prev'
/** What the first entry of a log names. */
export const BEFORE_ALL = '0-0'
