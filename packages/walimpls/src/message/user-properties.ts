import { types } from 'node:util'
import { invalidArgument } from '../errors/invalid-argument.js'
import { isWellFormed } from './text.js'
import type { PropertyList } from './wire-message.js'

/**
 * Copies a user's properties into a flat list. Throws `WAL_INVALID_ARGUMENT` for a property that could not come back exactly,
 * and for a key that is reserved for the library.
 */
export function userPropertyList(properties: ReadonlyMap<string, string>): string[] {
  checkPropertyMap(properties)
  // The list gets its full length at once. A list that grows by pushing takes up to three times the memory, and every message
  // has one.
  const list = new Array<string>(2 * properties.size)
  let at = 0
  for (const [key, value] of properties) {
    checkUserProperty(key, value)
    list[at++] = key
    list[at++] = value
  }
  // A subclass of Map may report a `size` that differs from the entries which it gives out.
  if (at < list.length) list.length = at
  return list
}

/**
 * Throws `WAL_INVALID_ARGUMENT` unless the properties are a Map. A similar object, such as URLSearchParams, may hold a key
 * twice.
 */
export function checkPropertyMap(properties: unknown): void {
  // Not `instanceof`, which fails for one of another realm (a vm context, jsdom) and believes whatever has the prototype.
  if (!types.isMap(properties))
    throw invalidArgument('The properties of a message must be a Map of text to text', properties)
}

/** Throws for the same keys and values as `userPropertyList`. */
export function checkUserProperty(key: unknown, value: unknown): void {
  if (typeof key !== 'string' || key === '')
    throw invalidArgument('The key of a property must be non-empty text', key)
  if (isReserved(key))
    throw invalidArgument('The key of a property must not begin with "_": such keys are reserved', key)
  if (!isWellFormed(key))
    throw invalidArgument('The key of a property must be well-formed Unicode (no lone surrogate)', key)
  if (typeof value !== 'string')
    throw invalidArgument(`The property ${JSON.stringify(key)} must be text`, value)
  if (!isWellFormed(value))
    throw invalidArgument(
      `The property ${JSON.stringify(key)} must be well-formed Unicode (no lone surrogate)`,
      value,
    )
}

/**
 * Whether a key is reserved for the library: every key that begins with "_", except `__proto__`. A plain object that is turned
 * into properties may hold `__proto__`, so that key belongs to users and must come back exactly (G10).
 */
function isReserved(key: string): boolean {
  return key.charCodeAt(0) === 0x5f && key !== '__proto__'
}

/** The user's properties in a stored list, as the Map that readers get. */
export function userPropertyMap(list: PropertyList): Map<string, string> {
  return propertyMap(list, false)
}

/** The reserved properties in a stored list. */
export function reservedPropertyMap(list: PropertyList): Map<string, string> {
  return propertyMap(list, true)
}

function propertyMap(list: PropertyList, reserved: boolean): Map<string, string> {
  const properties = new Map<string, string>()
  for (let i = 0; i < list.length; i += 2) {
    const key = list[i] as string
    if (isReserved(key) === reserved) properties.set(key, list[i + 1] as string)
  }
  return properties
}
