import { invalidArgument } from '../errors/invalid-argument.js'
import { isWellFormed } from './text.js'
import type { PropertyList } from './wire-message.js'

/**
 * Takes a user's properties in, as a flat list. Refuses (`WAL_INVALID_ARGUMENT`) what could not come back exactly or
 * would be taken for the library's own.
 */
export function userPropertyList(properties: ReadonlyMap<string, string>): string[] {
  checkPropertyMap(properties)
  // In its full length at once: a list that grows takes three times the room, and every message has one.
  const list = new Array<string>(2 * properties.size)
  let at = 0
  for (const [key, value] of properties) {
    checkUserProperty(key, value)
    list[at++] = key
    list[at++] = value
  }
  // A Map of the user's own making may hide some of what it counts.
  if (at < list.length) list.length = at
  return list
}

/** Throws `WAL_INVALID_ARGUMENT` for what is no Map: a look-alike (URLSearchParams) may hold a key twice. */
export function checkPropertyMap(properties: unknown): void {
  if (!(properties instanceof Map) && !isForeignMap(properties))
    throw invalidArgument('The properties of a message must be a Map of text to text', properties)
}

/** Of another realm (a vm context, jsdom): `instanceof` fails there. */
function isForeignMap(value: unknown): boolean {
  return Object.prototype.toString.call(value) === '[object Map]'
}

/** Refuses a property as `userPropertyList` does. */
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
 * Keys that begin with "_" are the library's, now or later; but never `__proto__`, which comes along whenever a plain
 * object is turned into properties, and has to come back exactly (G10).
 */
function isReserved(key: string): boolean {
  return key.charCodeAt(0) === 0x5f && key !== '__proto__'
}

/** The user's part of a stored list, as the Map that readers see. */
export function userPropertyMap(list: PropertyList): Map<string, string> {
  const properties = new Map<string, string>()
  for (let i = 0; i < list.length; i += 2) {
    const key = list[i] as string
    if (!isReserved(key)) properties.set(key, list[i + 1] as string)
  }
  return properties
}

/** The library's part of a stored list. */
export function reservedPropertyMap(list: PropertyList): Map<string, string> {
  const properties = new Map<string, string>()
  for (let i = 0; i < list.length; i += 2) {
    const key = list[i] as string
    if (isReserved(key)) properties.set(key, list[i + 1] as string)
  }
  return properties
}
