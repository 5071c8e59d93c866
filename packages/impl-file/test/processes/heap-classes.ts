import { getHeapSnapshot } from 'node:v8'

/** The number of objects of each class, functions and strings included. */
export type HeapClasses = Readonly<Record<string, number>>

/**
 * Counts what the heap holds by class. Bytes say less: caches of code and of the collector itself come and go by hundreds of
 * kilobytes, while objects of a class that nobody keeps are all gone after a collection.
 */
export async function countHeapClasses(): Promise<HeapClasses> {
  await collectAll()
  const parts: string[] = []
  for await (const part of getHeapSnapshot()) parts.push(String(part))
  const { snapshot, nodes, strings } = JSON.parse(parts.join('')) as HeapSnapshot
  const { node_fields: fields, node_types: types } = snapshot.meta
  const kinds = types[0] as readonly string[]
  const [kindAt, nameAt] = [fields.indexOf('type'), fields.indexOf('name')]
  const counts: Record<string, number> = {}
  for (let i = 0; i < nodes.length; i += fields.length) {
    const name = classOf(kinds[nodes[i + kindAt] as number] as string, strings[nodes[i + nameAt] as number])
    if (name !== undefined) counts[name] = (counts[name] ?? 0) + 1
  }
  return counts
}

interface HeapSnapshot {
  readonly snapshot: {
    readonly meta: {
      readonly node_fields: readonly string[]
      readonly node_types: readonly (readonly string[])[]
    }
  }
  readonly nodes: readonly number[]
  readonly strings: readonly string[]
}

/** Undefined for objects of the engine itself: code, maps, backing stores. */
function classOf(kind: string, name: string | undefined): string | undefined {
  if (kind === 'object') return name
  if (kind === 'closure') return `function ${name}`
  return kind.endsWith('string') ? 'string' : undefined
}

/** Collects garbage in five turns of the event loop: objects that finalizers and closed handles release are then collected too. */
async function collectAll(): Promise<void> {
  for (let i = 0; i < 5; i++) {
    await new Promise((resolve) => setImmediate(resolve))
    globalThis.gc?.()
  }
}

/**
 * Classes of which there are more at every point than at the one before, by at least `least` objects. A leak grows from
 * point to point; what a cache keeps, or is compiled late, does not.
 */
export function growingClasses(points: readonly HeapClasses[], least: number): string[] {
  const names = new Set(points.flatMap((point) => Object.keys(point)))
  const rises = (name: string): boolean =>
    points.slice(1).every((point, i) => (point[name] ?? 0) - (points[i]?.[name] ?? 0) >= least)
  return [...names]
    .filter(rises)
    .map((name) => `${name}: ${points.map((point) => point[name] ?? 0).join(', ')}`)
}
