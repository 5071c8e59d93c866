import { utf8Length } from './text.js'
import type { WireMessage } from './wire-message.js'

/**
 * The size of a record as limits and budgets count it: the bytes of its payload plus the UTF-8 bytes of every key and value.
 */
export function recordBytes(message: WireMessage): number {
  let bytes = message.payload.length
  const { properties } = message
  for (let i = 0; i < properties.length; i++) bytes += utf8Length(properties[i] as string)
  return bytes
}
