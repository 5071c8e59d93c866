import type { OptionSpec } from '@wal/walimpls'
import { amount, oneOf } from '../../packages/walimpls/src/helper/option-rule.js'

/** The comment for an option, which an editor shows. */
export function commentOf(spec: OptionSpec): string {
  return [spec.description, rangeOf(spec), defaultSentence(spec)].filter((part) => part !== '').join(' ')
}

/** The text for an option in the last column of the README's table. */
export function meaningOf(spec: OptionSpec): string {
  const allowed = spec.allowed === undefined ? '' : `\`${oneOf(spec.allowed)}\`.`.replaceAll(' or ', '` or `')
  return [spec.description, rangeOf(spec), allowed].filter((part) => part !== '').join(' ')
}

/** The default of an option as users would write it; undefined when there is none. */
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

/** The range of an integer in words. Left out when it only says "0 or more", or "1 or more". */
function rangeOf({ type, min = 0, max, unit }: OptionSpec): string {
  if (type !== 'integer') return ''
  if (max !== undefined) return `From ${amount(min, unit)} to ${amount(max, unit)}.`
  return min > 1 ? `At least ${amount(min, unit)}.` : ''
}
