import { invalidArgument, type Waits } from '@wal/walimpls'
import { unknownOption } from '@wal/walimpls/helper'

/** Throws `WAL_INVALID_ARGUMENT`, naming the call, unless these are options of which a signal is one. */
export function checkWaits(
  waits: unknown,
  call: string,
  known: readonly string[] = ['signal'],
): asserts waits is Waits {
  if (typeof waits !== 'object' || waits === null)
    throw invalidArgument(`The options of ${call} must be an object, or left out`, waits)
  checkNames(waits, call, known)
  checkSignal((waits as Waits).signal, call)
}

/** A misspelt option must not be a silent default. */
export function checkNames(options: object, call: string, known: readonly string[]): void {
  for (const name of Object.keys(options)) if (!known.includes(name)) throw unknownOption(name, known, call)
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
