import {
  type Fault,
  Faults,
  type FaultsOptions,
  faultyBuilder,
  memoryBuilder,
  resetMemory,
} from '@wal/core/testing'
import { systemRuntime } from '@wal/walimpls'
import { afterEach, onTestFinished } from 'vitest'
import { type NewMessage, openWal, type Scanner, type ScannerElement, type WAL } from '../src/index.js'
import type { OpenWalOptions } from '../src/open.js'

/** Options with limits that tests can exceed, and with short waits. */
export const SMALL = {
  budgetBytes: 1 << 20,
  timeTickMs: 20,
  fenceCheckMs: 0,
  closeTimeoutMs: 200,
  maxWaitingBytes: 8 << 20,
} as const

/** Each test starts with empty logs. After each test everything that it opened is closed. */
export function cleanLogs(): void {
  afterEach(() => resetMemory())
}

/** Opens with a runtime of its own, as another process would: within one runtime a log has only one writer. */
export async function open(options: Partial<OpenWalOptions> = {}): Promise<WAL> {
  const runtime = { ...systemRuntime }
  const wal = await openWal('memory:', { channel: 'log', runtime, ...SMALL, ...options, accessMode: 'rw' })
  onTestFinished(() => wal.close())
  return wal
}

export async function openReader(options: Partial<OpenWalOptions> = {}) {
  const wal = await openWal('memory:', { channel: 'log', ...SMALL, ...options, accessMode: 'ro' })
  onTestFinished(() => wal.close())
  return wal
}

/** The memory backend with faults: pass its `builder` to `openWal`. */
export class FaultyBackend extends Faults {
  readonly builder = faultyBuilder(memoryBuilder(), this)
  readonly #hanging: (() => void)[] = []

  /** A fault that delays the call until `letGo`. */
  hang(): Fault {
    return { until: new Promise<void>((resolve) => this.#hanging.push(resolve)) }
  }

  /** Ends every delay, so that the delayed batches are stored. */
  letGo(): void {
    for (const go of this.#hanging.splice(0)) go()
  }
}

export function faulty(options: FaultsOptions = {}): FaultyBackend {
  const backend = new FaultyBackend(options)
  onTestFinished(() => backend.letGo())
  return backend
}

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
export const textOf = (message: { readonly payload: Uint8Array }): string =>
  new TextDecoder().decode(message.payload)
export const message = (text: string, rest: Omit<NewMessage, 'payload'> = {}): NewMessage => ({
  payload: bytes(text),
  ...rest,
})

/** The texts of the next `count` elements of a scanner, which have to be messages. */
export async function texts(
  scanner: Scanner<ScannerElement>,
  count = Number.POSITIVE_INFINITY,
): Promise<string[]> {
  const seen: string[] = []
  if (count === 0) return seen
  for await (const each of scanner) {
    if (each.kind !== 'message') throw new Error(`a message was expected, not a ${each.kind}`)
    seen.push(textOf(each))
    if (seen.length >= count) break
  }
  return seen
}

/** All elements of a scanner that ends, since it was given `until`. */
export async function collect<D>(scanner: AsyncIterable<D>): Promise<D[]> {
  const seen: D[] = []
  for await (const each of scanner) seen.push(each)
  return seen
}

/** Settles as the promise does, or rejects when the promise has not settled after `ms` milliseconds. */
export async function within<T>(promise: Promise<T>, ms = 2000): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not settled within ${ms} ms`)), ms)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

export async function isPending(promise: Promise<unknown>, ms = 20): Promise<boolean> {
  const pending = Symbol()
  const after = new Promise((resolve) => setTimeout(() => resolve(pending), ms))
  return (await Promise.race([promise.catch(() => {}), after])) === pending
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
