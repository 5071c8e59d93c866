/** The size of a backend read where much is to be read. */
export const READ_BYTES = 1 << 20
/** The size of a backend read where the first records suffice, and many may be reading at once. */
export const LOOK_BYTES = 64 << 10
