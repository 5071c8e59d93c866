import type { Writer } from '@wal/walimpls'

/** Whether two records, or two writers, come from the same open for writing: they have the same term and incarnation. */
export function isSameWriter(a: Writer, b: Writer): boolean {
  return a.term === b.term && a.incarnation === b.incarnation
}
