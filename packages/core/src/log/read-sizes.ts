/** Aim for backend reads of this size. */
export const READ_BYTES = 1 << 20
/** Where what is looked for lies among the first records, and many may be looking. */
export const LOOK_BYTES = 64 << 10
