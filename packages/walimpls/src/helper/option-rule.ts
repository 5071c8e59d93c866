import type { OptionSpec } from '../option-table.js'
import { HOST_RULE } from './hosts.js'

/** Says in words what an option accepts. The words follow "must be" in an error. */
export function ruleOf(spec: OptionSpec): string {
  if (spec.accepts !== undefined) return spec.accepts.rule
  switch (spec.type) {
    case 'text':
      if (spec.allowed !== undefined) return oneOf(spec.allowed)
      return spec.required ? 'non-empty text' : 'text'
    case 'texts':
      return 'a non-empty list of non-empty texts'
    case 'hosts':
      return `a non-empty list of hosts, each ${HOST_RULE}`
    case 'integer':
      return integerRule(spec)
    case 'boolean':
      return 'true or false'
    case 'value':
      return 'a value'
  }
}

/** Joins texts as in `"rw" or "ro"`. */
export function oneOf(texts: readonly string[]): string {
  const quoted = texts.map((text) => JSON.stringify(text))
  const last = quoted.pop() ?? 'nothing'
  return quoted.length === 0 ? last : `${quoted.join(', ')} or ${last}`
}

function integerRule({ min, max, unit }: OptionSpec): string {
  return `an integer${rangeOf(min, max, unit)}${unit === undefined ? '' : `, in ${unit}`}`
}

function rangeOf(min: number | undefined, max: number | undefined, unit: OptionSpec['unit']): string {
  const shown = (value: number) => exact(value, unit)
  if (min !== undefined && max !== undefined) return ` from ${shown(min)} to ${shown(max)}`
  if (min !== undefined) return ` of at least ${shown(min)}`
  return max === undefined ? '' : ` of at most ${shown(max)}`
}

/**
 * An integer in digits, as it has to be written, followed by a rounder form in brackets where there is one: `67108864 (64
 * MiB)`.
 */
function exact(value: number, unit: OptionSpec['unit']): string {
  const round = amount(value, unit)
  return round.endsWith('iB') ? `${value} (${round})` : String(value)
}

/** A number in the form that people read easily: `64 MiB`, `60,000`. */
export function amount(value: number, unit: OptionSpec['unit']): string {
  if (unit === 'bytes' && value > 0) {
    for (const [power, name] of [
      [30, 'GiB'],
      [20, 'MiB'],
      [10, 'KiB'],
    ] as const)
      if (value % 2 ** power === 0) return `${value / 2 ** power} ${name}`
  }
  return value.toLocaleString('en')
}
