/** The field with an entry's payload, always the last field. Each property is a field under its own key. */
export const PAYLOAD_FIELD = '_payload'
/**
 * The first field of an entry whose id does not directly follow the one before (same milliseconds, ordinal one higher); its
 * value is the id of that entry before. Readers use it to notice an entry that is missing in between.
 */
export const PREVIOUS_FIELD = '_prev'
/** The value of `_prev` in the first entry of a log. */
export const BEFORE_ALL = '0-0'
