import assert from 'node:assert/strict'
import type { OpenerBuilderImpls, OpenerImpls, ReadOnlyWALImpls, ScannerImpls } from '@wal/walimpls'
import { withMethods } from '@wal/walimpls/helper'
import { BreakableConnections, memoryBuilder, saveMemoryLog } from '@wal/walimpls/testing'
import { test } from 'vitest'
import { connectionsBroken } from './faults/connections-broken.js'
import { endLost } from './faults/end-lost.js'
import { historyTest, runHistory } from './history-test.js'

const connections = new BreakableConnections()

historyTest('connections to a memory backend broken', async () => {
  const builder = connections.over(memoryBuilder())
  return { builder, writing: 'memory:broken-connections', fault: connectionsBroken(connections) }
})

test('a backend that gives out the ids of lost records again breaks the rules', async () => {
  const name = 'lost-ends'
  let saved: ReturnType<typeof saveMemoryLog> | undefined
  const fault = endLost({
    beginLosing: async (channel) => {
      saved = saveMemoryLog(channel, name)
    },
    lose: async () => {
      saved?.putBack()
      connections.disturb()
    },
  })
  const scene = { builder: connections.over(memoryBuilder()), writing: { name }, fault }
  await assert.rejects(runHistory('the end lost', scene), /The id \S+ names two messages/)
})

test('a backend whose readers pass over a record breaks the rules', async () => {
  const fault = connectionsBroken(connections)
  const builder = connections.over(passingOver(memoryBuilder()))
  await assert.rejects(
    runHistory('a record passed over', { builder, writing: 'memory:passed-over', fault }),
    /The history breaks the rules/,
  )
})

// biome-ignore lint/suspicious/noExplicitAny: takes the options that the memory backend takes.
type Builder = OpenerBuilderImpls<any>

/** A backend with a mistake: every scanner of a read-only log leaves out the second record of its first page of three. */
function passingOver(inner: Builder): Builder {
  const scanner = (whole: ScannerImpls): ScannerImpls => {
    let done = false
    return withMethods(whole, {
      async next(...given) {
        const page = await whole.next(...given)
        if (done || page === undefined || page.length < 3) return page
        done = true
        return page.filter((_, index) => index !== 1)
      },
    })
  }
  const reader = (log: ReadOnlyWALImpls): ReadOnlyWALImpls =>
    withMethods(log, { read: (options) => scanner(log.read(options)) })
  const opener = (whole: OpenerImpls): OpenerImpls =>
    withMethods(whole, { openReadOnly: async (...given) => reader(await whole.openReadOnly(...given)) })
  return withMethods(inner, { build: async (...given) => opener(await inner.build(...given)) })
}
