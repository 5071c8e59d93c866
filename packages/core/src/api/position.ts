/** One opaque text: where a message lies, in which log. Store it, send it, compare it for equality only. */
export type Position = string
