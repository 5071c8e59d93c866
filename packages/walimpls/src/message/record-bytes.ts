import { utf8Length } from './text.js'
import type { WireMessage } from './wire-message.js'

/** Size of a record as limits and budgets count it: the bytes of its payload, and of every key and value in UTF-8. */
export function recordBytes(message: WireMessage): number {
  let bytes = message.payload.length
  const { properties } = message
  for (let i = 0; i < properties.length; i++) bytes += utf8Length(properties[i] as string)
  return bytes
}
