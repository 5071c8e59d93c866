import { invalidArgument } from '../errors/invalid-argument.js'
import { WalError } from '../errors/wal-error.js'
import type { OptionSpec, OptionTable } from '../option-table.js'
import { parseHost } from './hosts.js'
import { ruleOf } from './option-rule.js'
import { unknownOption } from './unknown-option.js'

/**
 * Checks an options object against a backend's option table and fills in the defaults. Throws `WAL_INVALID_ARGUMENT`, which
 * says what is allowed and never shows a secret. `what` names the owner of the options in the error: `backend "file"`.
 */
export function readOptions<O = Record<string, unknown>>(
  table: OptionTable,
  given: unknown,
  what: string,
): O {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw invalidArgument(
      `The options of ${what} must be an object`,
      typeof given === 'string' ? undefined : given,
    )
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(table, name)) throw unknownOption(name, Object.keys(table), what)
  }
  const options: Record<string, unknown> = {}
  for (const [name, spec] of Object.entries(table)) {
    const value = Object.hasOwn(given, name) ? (given as Record<string, unknown>)[name] : undefined
    if (value !== undefined) options[name] = checked(spec, value, `The option "${name}" of ${what}`)
    else if (spec.default !== undefined) options[name] = spec.default
    else if (spec.required) throw missing(name, spec, what)
  }
  return options as O
}

function missing(name: string, spec: OptionSpec, what: string): WalError {
  return new WalError(
    'WAL_INVALID_ARGUMENT',
    `The option "${name}" of ${what} is missing. ${spec.description}`,
  )
}

function checked(spec: OptionSpec, value: unknown, what: string): unknown {
  if (!ofItsType(spec, value) || spec.accepts?.test(value) === false)
    throw invalidArgument(`${what} must be ${ruleOf(spec)}`, spec.secret ? undefined : wrongIn(spec, value))
  return spec.type === 'texts' || spec.type === 'hosts' ? [...(value as string[])] : value
}

function ofItsType(spec: OptionSpec, value: unknown): boolean {
  switch (spec.type) {
    case 'text':
      if (typeof value !== 'string' || (value === '' && spec.required)) return false
      return spec.allowed === undefined || spec.allowed.includes(value)
    case 'texts':
      return isList(value) && value.every((item) => typeof item === 'string' && item !== '')
    case 'hosts':
      return isList(value) && value.every((item) => parseHost(item) !== undefined)
    case 'integer':
      return Number.isSafeInteger(value) && !outside(spec, value as number)
    case 'boolean':
      return typeof value === 'boolean'
    case 'value':
      return true
  }
}

/** The value to show in the error: the first wrong item when the option is a list, otherwise the whole value. */
function wrongIn(spec: OptionSpec, value: unknown): unknown {
  if ((spec.type !== 'texts' && spec.type !== 'hosts') || !isList(value)) return value
  return value.find((item) => !ofItsType(spec, [item]))
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.length > 0
}

function outside(spec: OptionSpec, value: number): boolean {
  return (spec.min !== undefined && value < spec.min) || (spec.max !== undefined && value > spec.max)
}
