import assert from 'node:assert/strict'
import { memoryBuilder, simulatedRuntime } from '@wal/core/testing'
import type { BuildWaits, OpenerBuilderImpls, OpenerImpls } from '@wal/walimpls'
import { sleep } from '@wal/walimpls/helper'
import { expect, test } from 'vitest'
import { adaptBuilder } from '../../src/builder.js'
import { openWal, type WAL, WalError } from '../../src/index.js'
import { cleanLogs, message, SMALL, within } from '../harness.js'
import { overMemory } from '../over-memory.js'

cleanLogs()

const forever = () => new Promise<never>(() => {})

/** A time limit that is longer than all closes together take, and shorter than a close that hangs. */
const ALL_CLOSED_MS = 30_000

interface Line {
  readonly level: string
  readonly text: string
}

function lines() {
  const logged: Line[] = []
  const at = (level: string) => (_: object, text: string) => void logged.push({ level, text })
  return { logged, logger: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') } }
}

/** The memory backend with an opener that the test makes. */
function overOpener(replaced: (opener: OpenerImpls) => Partial<OpenerImpls>): OpenerBuilderImpls {
  const inner = memoryBuilder() as unknown as OpenerBuilderImpls
  return {
    ...inner,
    async build(...parameters) {
      const opener = await inner.build(...parameters)
      const whole: OpenerImpls = {
        openReadOnly: (...given) => opener.openReadOnly(...given),
        open: (...given) => opener.open(...given),
        close: () => opener.close(),
      }
      return { ...whole, ...replaced(opener) }
    },
  }
}

const building = (build: (waits: BuildWaits | undefined) => Promise<never>): OpenerBuilderImpls => ({
  ...(memoryBuilder() as unknown as OpenerBuilderImpls),
  build: (_options, _runtime, waits) => build(waits),
})

test('H145: openTimeoutMs includes the time to connect, and its error says that connecting was not done and why', async () => {
  const silent = building(forever)
  await assert.rejects(
    within(openWal('memory:', { channel: 'log', builder: silent, openTimeoutMs: 30 })),
    (error: WalError) => {
      assert.equal(error.code, 'WAL_TIMEOUT')
      assert.match(
        error.message,
        /^memory channel "log": not open after 30 ms .* still connecting to the backend\.$/,
      )
      assert.equal(error.cause, undefined)
      return true
    },
  )
  const refused = new WalError('WAL_UNAVAILABLE', 'connect ECONNREFUSED 127.0.0.1:1')
  const trying = building((waits) => {
    waits?.failed?.(refused)
    return forever()
  })
  const { logged, logger } = lines()
  await assert.rejects(
    within(openWal('memory:', { channel: 'log', builder: trying, openTimeoutMs: 30, logger })),
    {
      code: 'WAL_TIMEOUT',
      cause: refused,
      message: /still connecting.* The last failure: connect ECONNREFUSED/,
    },
  )
  assert.deepEqual(logged, [{ level: 'warn', text: 'memory channel "log": connecting failed, trying again' }])
})

test('the time that connecting took counts against openTimeoutMs', async () => {
  const runtime = simulatedRuntime({ seed: 1 })
  const hangs = overOpener(() => ({ open: forever }))
  const builder: OpenerBuilderImpls = {
    ...hangs,
    build: async (...parameters) => {
      await sleep(runtime, 150)
      return hangs.build(...parameters)
    },
  }
  const opening = openWal('memory:', { channel: 'log', builder, openTimeoutMs: 250, runtime })
  opening.catch(() => {})
  await assert.rejects(runtime.run(opening), { code: 'WAL_TIMEOUT', message: /still opening the log/ })
  assert.ok(runtime.elapsedMs >= 250 && runtime.elapsedMs < 300, `${runtime.elapsedMs} ms`)
})

test('a signal ends a build that hangs, of openWal and of a builder', async () => {
  const reason = new Error('enough')
  for (const begin of [
    (signal: AbortSignal) => openWal('memory:', { channel: 'log', builder: building(forever), signal }),
    (signal: AbortSignal) => adaptBuilder(building(forever)).build({}, { signal }),
  ]) {
    const controller = new AbortController()
    const begun = begin(controller.signal)
    begun.catch(() => {})
    controller.abort(reason)
    await assert.rejects(within<unknown>(begun), (error) => error === reason)
  }
})

test('H146: an opener closes its WALs at the same time, so that many that are stuck take no longer than one', async () => {
  let closing = 0
  let most = 0
  const builder = overMemory(() => ({
    close: async () => {
      most = Math.max(most, ++closing)
      await new Promise((resolve) => setTimeout(resolve, 50))
      closing--
    },
  }))
  const opener = await adaptBuilder(builder).build({})
  for (let i = 0; i < 12; i++) await opener.open({ channel: { name: `log-${i}` }, ...SMALL })
  await within(opener.close())
  assert.equal(most, 12)
  assert.equal(closing, 0)
})

test('an opener waits for all its WALs before it closes the backend’s, though one of them fails to close', async () => {
  const said: string[] = []
  const inner = overMemory(() => ({
    close: async () => {
      await new Promise((resolve) => setTimeout(resolve, 20))
      said.push('log')
      if (said.length === 1) throw new Error('does not close')
    },
  }))
  const builder: OpenerBuilderImpls = {
    ...inner,
    build: async (...parameters) => {
      const opener = await inner.build(...parameters)
      const close = opener.close.bind(opener)
      const closeOpener = (): Promise<void> => {
        said.push('opener')
        return close()
      }
      return { ...opener, close: closeOpener }
    },
  }
  const opener = await adaptBuilder(builder).build({})
  for (let i = 0; i < 3; i++) await opener.open({ channel: { name: `log-${i}` }, ...SMALL })
  await assert.rejects(within(opener.close()), { message: 'does not close' })
  assert.deepEqual(said, ['log', 'log', 'log', 'opener'])
})

async function leavesBehind(): Promise<void> {
  const scannerHangs = overMemory((log) => ({
    read: (options) => {
      const scanner = log.read(options)
      return {
        ready: () => scanner.ready(),
        next: () => scanner.next(),
        close: forever,
      }
    },
  }))
  const cases: [string, OpenerBuilderImpls, (wal: WAL) => unknown][] = [
    ['log', overMemory(() => ({ close: forever })), () => {}],
    ['opener', overOpener(() => ({ close: forever })), () => {}],
    // An open reads the log's end. A reader of the whole log reads the backend before it changes to the buffer.
    ['scanner', scannerHangs, (wal) => within(wal.read().next(), ALL_CLOSED_MS)],
  ]
  await Promise.all(
    cases.map(async ([what, builder, use]) => {
      const { logged, logger } = lines()
      const wal = await openWal('memory:', { channel: what, builder, logger, ...SMALL, bufferAgeMs: 0 })
      await wal.append(message('1'))
      await use(wal)
      await within(wal.close(), ALL_CLOSED_MS)
      const warnings = logged.filter(({ text }) => text.includes('left behind'))
      assert.ok(warnings.length > 0, `${what}: no warning`)
      for (const warning of warnings)
        assert.deepEqual(warning, {
          level: 'warn',
          text: `memory channel "${what}": the backend's ${what} has not closed within 3000 ms and is left behind`,
        })
    }),
  )
}

test('H147: close stops waiting for a scanner, log or opener that the backend never closes, and warns', () =>
  leavesBehind())

test('a read-only WAL stops waiting for a log that the backend never closes', async () => {
  const builder = overOpener((opener) => ({
    openReadOnly: async (...given) => ({
      ...(await opener.openReadOnly(...given)),
      close: forever,
    }),
  }))
  const writer = await openWal('memory:', { channel: 'log', ...SMALL })
  const { logged, logger } = lines()
  const reader = await openWal('memory:', { channel: 'log', accessMode: 'ro', builder, logger })
  await within(reader.close(), ALL_CLOSED_MS)
  await writer.close()
  await expect
    .poll(() => logged.filter(({ text }) => text.includes("the backend's log has not closed")).length)
    .toBe(1)
})

test('an open that fails rejects with the reason, though the log that it had opened does not close', async () => {
  const builder = overMemory(() => ({ close: forever }))
  const interceptors = [
    (): never => {
      throw new Error('not built')
    },
  ]
  const opening = openWal('memory:', { channel: 'log', builder, interceptors, openTimeoutMs: 60_000 })
  await assert.rejects(within(opening, ALL_CLOSED_MS), { message: 'not built' })
})
