import { WalError } from './wal-error.js'

/**
 * A user's mistake. `sentence` names the argument and says what is accepted, without a full stop; what was given in its place
 * is shown behind it, where `got` is not undefined.
 */
export function invalidArgument(sentence: string, got?: unknown): WalError {
  const shown = got === undefined ? '' : `, got ${describe(got)}`
  return new WalError('WAL_INVALID_ARGUMENT', `${sentence}${shown}`)
}

/** Short, and never the contents of an object: those may be secret. */
function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value)
  if (typeof value === 'bigint') return `${value}n`
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return String(value)
  return typeof value === 'object'
    ? `an object (${(value as object).constructor?.name ?? 'no prototype'})`
    : `a ${typeof value}`
}
