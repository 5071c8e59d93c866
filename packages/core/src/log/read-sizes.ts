/** How many bytes to ask the backend for at a time when a scanner reads on through the log. */
export const READ_BYTES = 1 << 20
/** How many bytes to ask the backend for when the first few records suffice, and many callers may read at the same time. */
export const LOOK_BYTES = 64 << 10
