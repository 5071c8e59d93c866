import { decodeProperties, encodeProperties } from '@wal/walimpls/helper'
import { Damage } from './damage.js'

/**
 * The native client keeps properties in a sorted map of C strings. Where such a map would not give the properties back, this
 * property holds all of them once more, in their order, and takes the place of the others. No user's key begins with `_`.
 */
export const PROPERTY_LIST_KEY = '_pulsar_properties'

/** The properties as the value of the property above: letters, digits, `+`, `/` and `=` only. */
export function propertyListText(properties: readonly string[]): string {
  return Buffer.from(encodeProperties(properties)).toString('base64')
}

/** The properties themselves, or those that they hold in the property above. Throws `Damage`. */
export function withPropertyList(properties: string[]): string[] {
  for (let i = 0; i < properties.length; i += 2)
    if (properties[i] === PROPERTY_LIST_KEY) return readPropertyList(properties[i + 1] as string)
  return properties
}

function readPropertyList(text: string): string[] {
  try {
    return decodeProperties(Buffer.from(text, 'base64'))
  } catch (error) {
    throw new Damage(`the property ${PROPERTY_LIST_KEY} can't be read: ${(error as Error).message}`)
  }
}
