import { textOf } from './batches.js'

/** Records of a `WriterInFlow` begin with their name; what makes them large follows. */
export function nameOf(record: { readonly payload: Uint8Array }): string {
  return textOf(record).trimEnd().split(' .')[0] as string
}
