import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Contender } from '../bench-case.js'
import { findCases } from '../find-cases.js'

/** A request from the comparing process. The next one is sent only after the answer. */
export type CaseRequest =
  | { readonly kind: 'list'; readonly folder: string }
  | { readonly kind: 'prepare'; readonly name: string; readonly folder: string }
  | { readonly kind: 'round'; readonly count: number }
  | { readonly kind: 'close' }

/** The duration of a round in milliseconds, and the CPU time that all threads of this process used during it. */
export interface RoundTime {
  readonly wall: number
  readonly cpu: number
}

export interface CaseReply {
  readonly error?: string
  readonly names?: readonly string[]
  readonly time?: RoundTime
}

// The program of one side of a comparison. It runs the cases of the clone in which it lies, with the packages that are
// installed there.

let sides: { readonly ours: Contender; readonly peer: Contender } | undefined

async function answer(request: CaseRequest): Promise<CaseReply> {
  switch (request.kind) {
    case 'list':
      return { names: (await findCases(request.folder)).cases.map(({ name }) => name) }
    case 'prepare': {
      const { cases, broken } = await findCases(
        join(fileURLToPath(new URL('.', import.meta.url)), '../cases'),
      )
      const found = cases.find(({ name }) => name === request.name)
      if (found === undefined)
        throw new Error(broken.map(({ file, reason }) => `${file}: ${reason}`).join('; ') || 'no such case')
      sides = await found.prepare(request.folder)
      return {}
    }
    case 'round':
      // Collects garbage of earlier rounds, so that it does not add to the time of this round.
      ;(globalThis as { gc?: () => void }).gc?.()
      return { time: await timedRound((sides as { ours: Contender }).ours, request.count) }
    case 'close':
      await sides?.ours.close?.()
      await sides?.peer.close?.()
      return {}
  }
}

async function timedRound(contender: Contender, count: number): Promise<RoundTime> {
  const before = process.cpuUsage()
  const wall = await contender.round(count)
  const { user, system } = process.cpuUsage(before)
  return { wall, cpu: (user + system) / 1000 }
}

process.on('message', (request: CaseRequest) => {
  void answer(request)
    .catch((error: unknown): CaseReply => ({ error: error instanceof Error ? error.message : String(error) }))
    .then((reply) => process.send?.(reply))
})
