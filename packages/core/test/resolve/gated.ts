import assert from 'node:assert/strict'
import type { OpenerBuilderImpls } from '@wal/walimpls'
import type { AppendError, AppendResolution } from '../../src/index.js'
import { overMemory } from '../over-memory.js'

/** A gate at which appends wait until the test opens it. */
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

/** The faults of a backend that a test can switch on. */
export interface Gates {
  /** Appends are stored when this gate opens. */
  before?: Gate | undefined
  /** Appends are answered when this gate opens. */
  after?: Gate | undefined
  /** Every attempt fails with this error and stores nothing. */
  failure?: Error | undefined
  /** How many scanners were opened and how many records were appended. */
  scanners?: number
  records?: number
  /** Scanners fail with this error, except those that read the log's end when `ofLooks` is false. */
  readFailure?: Error | undefined
  looksWork?: boolean
  /** Scanners read nothing until this gate opens. */
  readGate?: Gate | undefined
}

/** The memory backend with appends that are stored, or answered, when a gate opens. */
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
          // Reads of the log's end ask for larger pages than searches for tokens do.
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

/** The error of an append, which has to have an unknown outcome. */
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
