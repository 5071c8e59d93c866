import { isWellFormed, type PropertyList } from '@wal/walimpls'

/**
 * The key of a reserved property. Pulsar's native client keeps the properties of a message in a sorted map of C strings and gives
 * them back as an array, so not every list comes back as it was. Where it would not, this property says how the list was. The
 * decoders of both drivers honour the property, and no reader sees it.
 */
export const CARRIED = '_pl'

/** Begins a text that says in which order the other properties were: the place of each one among the sorted keys. */
const ORDER = 'o'
/** Begins a text that has the whole list, as JSON. */
const LIST = 'l'

/**
 * Keys that may come back elsewhere than where a sort puts them. An array has its indexes in front, and the client sorts UTF-8,
 * which differs from a sort of UTF-16 where there are surrogates.
 */
const OUT_OF_ORDER = /^[0-9]|[\ud800-\udfff]/

/**
 * The list as the native client can carry it: the same object when the map gives it back unchanged, else with the reserved property
 * behind. Properties that the map would damage are left out beside it.
 *
 *     b=1 a=2            ->  b=1 a=2 _pl="o1,0"
 *     a=1 __proto__=2    ->  a=1 _pl='l["a","1","__proto__","2"]'
 */
export function carried(list: PropertyList): PropertyList {
  const plain: string[] = []
  const keys: string[] = []
  let sorted = true
  for (let i = 0; i < list.length; i += 2) {
    const key = list[i] as string
    const value = list[i + 1] as string
    if (!isKept(key, value)) continue
    const before = keys.at(-1)
    if ((before !== undefined && before >= key) || OUT_OF_ORDER.test(key)) sorted = false
    keys.push(key)
    plain.push(key, value)
  }
  if (plain.length < list.length || new Set(keys).size < keys.length) {
    return [...withSingleKeys(plain), CARRIED, LIST + JSON.stringify(list)]
  }
  if (sorted) return list
  const placeOf = new Map([...keys].sort().map((key, place) => [key, place]))
  return [...plain, CARRIED, ORDER + keys.map((key) => placeOf.get(key)).join(',')]
}

/** The list that `carried` was given. A list without the reserved property comes back as it is, and so does one of others. */
export function uncarried(list: PropertyList): PropertyList {
  const at = indexOfCarried(list)
  if (at < 0) return list
  const text = list[at + 1] as string
  const rest = [...list.slice(0, at), ...list.slice(at + 2)]
  if (text.startsWith(LIST)) return listIn(text.slice(LIST.length)) ?? list
  if (text.startsWith(ORDER)) return inOrder(rest, text.slice(ORDER.length)) ?? list
  return list
}

/**
 * Whether a property comes back from the native client. A C string ends at its first NUL. The client sets each property on an
 * array: `length` is lost there or throws an error, and `__proto__` is no property of its own.
 */
function isKept(key: string, value: string): boolean {
  return (
    key !== '' &&
    key !== '__proto__' &&
    key !== 'length' &&
    key !== CARRIED &&
    !key.includes('\0') &&
    !value.includes('\0') &&
    isWellFormed(key) &&
    isWellFormed(value)
  )
}

/** The same properties with every key once: at its first place, with its last value. */
export function withSingleKeys(list: PropertyList): PropertyList {
  const values = new Map<string, string>()
  for (let i = 0; i < list.length; i += 2) values.set(list[i] as string, list[i + 1] as string)
  return values.size * 2 === list.length ? list : [...values].flat()
}

function indexOfCarried(list: PropertyList): number {
  for (let i = 0; i < list.length; i += 2) if (list[i] === CARRIED) return i
  return -1
}

function listIn(text: string): PropertyList | undefined {
  let list: unknown
  try {
    list = JSON.parse(text)
  } catch {
    return undefined
  }
  const isList =
    Array.isArray(list) && list.length % 2 === 0 && list.every((item) => typeof item === 'string')
  return isList ? (list as string[]) : undefined
}

function inOrder(list: PropertyList, text: string): PropertyList | undefined {
  const count = list.length / 2
  const values = new Map<string, string>()
  for (let i = 0; i < list.length; i += 2) values.set(list[i] as string, list[i + 1] as string)
  const keys = [...values.keys()].sort()
  const places = text.split(',').map(Number)
  // Every place once: then the order has each property of the list, and no other.
  if (keys.length !== count || places.length !== count || new Set(places).size !== count) return undefined
  const ordered: string[] = []
  for (const place of places) {
    const key = keys[place]
    if (key === undefined) return undefined
    ordered.push(key, values.get(key) as string)
  }
  return ordered
}
