import assert from 'node:assert/strict'
import type { OpenerBuilderImpls } from '@wal/walimpls'
import type { AppendError, AppendResolution } from '../../src/index.js'
import { overMemory } from '../over-memory.js'

/** A moment that appends wait for. */
export interface Gate {
  readonly opened: Promise<void>
  open(): void
}

export function gate(): Gate {
  let open = (): void => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open }
}

/** What a backend does while a test says so. */
export interface Gates {
  /** Appends are stored once it opens. */
  before?: Gate | undefined
  /** Appends are answered once it opens. */
  after?: Gate | undefined
  /** What every attempt fails with, unstored. */
  failure?: Error | undefined
  /** Scanners that were opened, and records that were handed in. */
  scanners?: number
  records?: number
  /** What scanners fail with, and whether those of looks at the log's end do not. */
  readFailure?: Error | undefined
  looksWork?: boolean
  /** Scanners give nothing before it opens. */
  readGate?: Gate | undefined
}

/** The memory backend: its appends are stored, or answered, when a gate opens. */
export function gatedBuilder(gates: Gates): OpenerBuilderImpls {
  return overMemory((log) => ({
    append: async (batch) => {
      gates.records = (gates.records ?? 0) + batch.messages.length
      await gates.before?.opened
      if (gates.failure !== undefined) throw gates.failure
      const ids = await log.append(batch)
      await gates.after?.opened
      return ids
    },
    read: (options) => {
      gates.scanners = (gates.scanners ?? 0) + 1
      const scanner = log.read(options)
      return {
        ready: () => scanner.ready(),
        next: async () => {
          // Looks read in larger pieces than what looks for tokens.
          const isLook = options.maxBytes >= 1 << 20
          if (gates.readFailure !== undefined && !(isLook && gates.looksWork)) throw gates.readFailure
          await gates.readGate?.opened
          return scanner.next()
        },
        close: () => scanner.close(),
      }
    },
  }))
}

/** The error of an append that ends with an unknown outcome. */
export async function unknownError(
  append: Promise<unknown>,
): Promise<AppendError & { readonly token: string }> {
  const error: AppendError = await append.then(
    () => assert.fail('the append was acknowledged'),
    (reason) => reason,
  )
  assert.equal(error.outcome, 'unknown', error.message)
  assert.equal(typeof error.token, 'string')
  return error as AppendError & { readonly token: string }
}

export const idsOf = (resolution: AppendResolution): string[] =>
  resolution.outcome === 'not-written' ? [] : resolution.results.map(({ messageId }) => messageId)
