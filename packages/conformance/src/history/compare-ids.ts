import { invalidArgument } from '@wal/walimpls'

/** Compares two message ids in text form: negative when `a` is the lower, 0 when they are equal, positive otherwise. */
export type CompareIds = (a: string, b: string) => number

/** Compares ids that are whole numbers in base 36, as `numberIdCodec` writes them. */
export const compareNumberIds: CompareIds = (a, b) => numberOf(a) - numberOf(b)

function numberOf(id: string): number {
  const value = /^-?[0-9a-z]{1,11}$/.test(id) ? Number.parseInt(id, 36) : Number.NaN
  if (!Number.isSafeInteger(value))
    throw invalidArgument(
      'Without the option `compareIds`, every message id of a history has to be a whole number in base 36',
      id,
    )
  return value
}
