import { inspect } from 'node:util'

/** The path from a value to the place where a secret can be read, such as `.cause.args[0]`; undefined when there is none. */
export function findSecret(value: unknown, secret: string): string | undefined {
  const seen = new Set<unknown>()
  // Breadth-first search, so that the path found is the shortest.
  const queue: { readonly path: string; readonly value: unknown }[] = [{ path: '', value }]
  for (const { path, value: each } of queue) {
    if (shows(each, secret)) return path === '' ? ' itself' : path
    if ((typeof each !== 'object' && typeof each !== 'function') || each === null || seen.has(each)) continue
    seen.add(each)
    for (const part of partsOf(each)) {
      if (shows(part.key, secret)) return `${path}, a key`
      queue.push({ path: `${path}${part.path}`, value: part.value })
    }
  }
  // An object may also show the secret only in its own text form (`toString`, `inspect`).
  const text = [inspect(value, { depth: null, showHidden: true, maxStringLength: null }), textOf(value)]
  return text.some((each) => each.includes(secret)) ? ', as printed' : undefined
}

interface PartOf {
  readonly path: string
  readonly key?: unknown
  readonly value: unknown
}

function* partsOf(value: object): Generator<PartOf> {
  if (ArrayBuffer.isView(value)) return
  if (value instanceof Map)
    for (const [key, each] of value) yield { path: `.get(${textOf(key)})`, key, value: each }
  if (value instanceof Set) for (const each of value) yield { path: ' (a set)', value: each }
  for (const key of Reflect.ownKeys(value)) {
    const path = typeof key === 'string' && /^[0-9]+$/.test(key) ? `[${key}]` : `.${String(key)}`
    yield { path, key, value: valueAt(value, key) }
  }
}

/** The value of a property. A getter that throws shows no secret, so its value counts as undefined. */
function valueAt(value: object, key: PropertyKey): unknown {
  try {
    return Reflect.get(value, key)
  } catch {
    return undefined
  }
}

function shows(value: unknown, secret: string): boolean {
  if (typeof value === 'string') return value.includes(secret)
  return (
    value instanceof Uint8Array && Buffer.from(value.buffer, value.byteOffset, value.length).includes(secret)
  )
}

function textOf(value: unknown): string {
  try {
    return String(value)
  } catch {
    return ''
  }
}
