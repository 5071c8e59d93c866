import { invalidArgument, type OptionTable, type Waits } from '@wal/walimpls'
import { unknownOption } from '@wal/walimpls/helper'

/** Of every call that waits and takes nothing else. */
export const WAITS = {
  signal: { type: 'value', description: 'Its abort ends the wait, which then rejects with `signal.reason`.' },
} as const satisfies OptionTable

/** Throws `WAL_INVALID_ARGUMENT`, naming the call, for an option that is not in the table, and for what is no signal. */
export function checkWaits(waits: unknown, call: string, table: OptionTable = WAITS): asserts waits is Waits {
  if (typeof waits !== 'object' || waits === null)
    throw invalidArgument(`The options of ${call} must be an object, or left out`, waits)
  checkNames(waits, call, table)
  checkSignal((waits as Waits).signal, call)
}

/** A misspelt option must not be a silent default. */
function checkNames(options: object, call: string, table: OptionTable): void {
  for (const name of Object.keys(options))
    if (!Object.hasOwn(table, name)) throw unknownOption(name, Object.keys(table), call)
}

/** Undefined, or whatever has the methods and the state of an `AbortSignal`: a polyfill has another class. */
export function checkSignal(signal: unknown, call: string): void {
  if (signal === undefined || isSignal(signal)) return
  const what = `The option "signal" of ${call}`
  throw isSignal((signal as { signal?: unknown } | null)?.signal)
    ? invalidArgument(`${what} must be an AbortSignal: give \`controller.signal\`, not the controller`)
    : invalidArgument(`${what} must be an AbortSignal`, signal)
}

function isSignal(value: unknown): boolean {
  const { aborted, addEventListener, removeEventListener } = (value ?? {}) as Partial<AbortSignal>
  return (
    typeof aborted === 'boolean' &&
    typeof addEventListener === 'function' &&
    typeof removeEventListener === 'function'
  )
}
