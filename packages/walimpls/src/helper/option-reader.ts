import { invalidArgument } from '../errors/invalid-argument.js'
import type { OptionSpec, OptionTable } from '../option-table.js'
import { unknownOption } from './unknown-option.js'

/**
 * Checks an options object against a backend's table and fills in the defaults. Throws `WAL_INVALID_ARGUMENT` that says
 * what is allowed, and never shows a secret. `what` begins the sentence: `backend "file"`.
 */
export function readOptions<O = Record<string, unknown>>(
  table: OptionTable,
  given: unknown,
  what: string,
): O {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw invalidArgument(
      `the options of ${what} must be an object`,
      typeof given === 'string' ? undefined : given,
    )
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(table, name)) throw unknownOption(name, Object.keys(table), what)
  }
  const options: Record<string, unknown> = {}
  for (const [name, spec] of Object.entries(table)) {
    const value = Object.hasOwn(given, name) ? (given as Record<string, unknown>)[name] : undefined
    if (value !== undefined) options[name] = checked(spec, value, `option "${name}" of ${what}`)
    else if (spec.default !== undefined) options[name] = spec.default
    else if (spec.required) throw invalidArgument(`${what} needs the option "${name}": ${spec.description}`)
  }
  return options as O
}

function checked(spec: OptionSpec, value: unknown, what: string): unknown {
  const refuse = (allowed: string) =>
    invalidArgument(`${what} must be ${allowed}`, spec.secret ? undefined : value)
  switch (spec.type) {
    case 'text':
      if (typeof value !== 'string') throw refuse('text')
      if (value === '' && spec.required) throw refuse('non-empty text')
      return value
    case 'texts':
      if (
        !Array.isArray(value) ||
        value.length === 0 ||
        !value.every((item) => typeof item === 'string' && item !== '')
      )
        throw refuse('a non-empty list of non-empty texts')
      return [...value]
    case 'integer':
      if (!Number.isSafeInteger(value) || outside(spec, value as number)) throw refuse(integerRule(spec))
      return value
    case 'boolean':
      if (typeof value !== 'boolean') throw refuse('true or false')
      return value
    case 'value':
      return value
  }
}

function outside(spec: OptionSpec, value: number): boolean {
  return (spec.min !== undefined && value < spec.min) || (spec.max !== undefined && value > spec.max)
}

function integerRule({ min, max }: OptionSpec): string {
  const from = min === undefined ? '' : ` from ${min}`
  const to = max === undefined ? '' : min === undefined ? ` up to ${max}` : ` to ${max}`
  return `an integer${from}${to}`
}
