import type { Writer } from '@wal/walimpls'

/** One open for writing; a record stands for the writer that stored it. */
export function isSameWriter(a: Writer, b: Writer): boolean {
  return a.term === b.term && a.incarnation === b.incarnation
}
