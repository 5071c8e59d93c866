import { WalError } from './wal-error.js'

/**
 * The error for a mistake of the caller. `sentence` names the argument and says what is accepted; it has no full stop. When
 * `got` is not undefined, the text ends with a short form of it: `…, got "acessMode"`.
 */
export function invalidArgument(sentence: string, got?: unknown): WalError {
  const shown = got === undefined ? '' : `, got ${describe(got)}`
  return new WalError('WAL_INVALID_ARGUMENT', `${sentence}${shown}`)
}

/** A short form of a value. An object is shown by its class alone, since its contents may be secret. */
function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value)
  if (typeof value === 'bigint') return `${value}n`
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return String(value)
  return typeof value === 'object'
    ? `an object (${(value as object).constructor?.name ?? 'no prototype'})`
    : `a ${typeof value}`
}
