import { invalidArgument } from '@wal/walimpls'

/** Negative, zero or positive: the order of two message ids in text form. */
export type CompareIds = (a: string, b: string) => number

/** Of ids that are whole numbers in base 36 (`numberIdCodec`). */
export const compareNumberIds: CompareIds = (a, b) => numberOf(a) - numberOf(b)

function numberOf(id: string): number {
  const value = /^-?[0-9a-z]{1,11}$/.test(id) ? Number.parseInt(id, 36) : Number.NaN
  if (!Number.isSafeInteger(value))
    throw invalidArgument('a message id must be a base-36 integer; hand in `compareIds` for other ids', id)
  return value
}
