import type { Writer } from '@wal/walimpls'

/** Whether two are one open for writing. A record may be given in place of the writer that stored it. */
export function isSameWriter(a: Writer, b: Writer): boolean {
  return a.term === b.term && a.incarnation === b.incarnation
}
