import type { WireMessage } from './wire-message.js'

/** Size of a record as limits and budgets count it: payload bytes plus the length of every key and value. */
export function recordBytes(message: WireMessage): number {
  let bytes = message.payload.length
  const { properties } = message
  for (let i = 0; i < properties.length; i++) bytes += (properties[i] as string).length
  return bytes
}
