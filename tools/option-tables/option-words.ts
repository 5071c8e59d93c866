import type { OptionSpec } from '@wal/walimpls'
import { amount, oneOf } from '../../packages/walimpls/src/helper/option-rule.js'

/** The comment that an editor shows at the option. */
export function commentOf(spec: OptionSpec): string {
  return [spec.description, rangeOf(spec), defaultSentence(spec)].filter((part) => part !== '').join(' ')
}

/** The cell of the README that says what the option means. */
export function meaningOf(spec: OptionSpec): string {
  const allowed = spec.allowed === undefined ? '' : `\`${oneOf(spec.allowed)}\`.`.replaceAll(' or ', '` or `')
  return [spec.description, rangeOf(spec), allowed].filter((part) => part !== '').join(' ')
}

/** The default as it is written down, or undefined where there is none. */
export function defaultOf({ type, default: value, defaultText, unit }: OptionSpec): string | undefined {
  if (defaultText !== undefined) return defaultText
  if (value === undefined) return undefined
  if (typeof value === 'number') return amount(value, unit)
  return type === 'value' ? `\`'${value}'\`` : typeof value === 'string' ? `\`'${value}'\`` : `\`${value}\``
}

function defaultSentence(spec: OptionSpec): string {
  const value = defaultOf(spec)
  return value === undefined ? '' : `Default: ${value}.`
}

/** A range that says nothing new (0 or 1 and more) is left out. */
function rangeOf({ type, min = 0, max, unit }: OptionSpec): string {
  if (type !== 'integer') return ''
  if (max !== undefined) return `From ${amount(min, unit)} to ${amount(max, unit)}.`
  return min > 1 ? `At least ${amount(min, unit)}.` : ''
}
