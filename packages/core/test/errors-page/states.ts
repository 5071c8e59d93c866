import { saveMemoryLog } from '@wal/core/testing'
import { registerBackend, SPEC_VERSION, systemRuntime } from '@wal/walimpls'
import type { ErrorCase } from '../../../../tools/errors-page/error-case.js'
import { mustGetBuilder, openWal, type WAL } from '../../src/index.js'
import { foreignLog } from '../foreign-log.js'
import { bytes, faulty, message, open, openReader, turn } from '../harness.js'

const withOffset = (ms: number) => ({ ...systemRuntime, now: () => Date.now() + ms })

/** A writer whose backend keeps every append until it is closed. */
async function stuck(options: Parameters<typeof open>[0] = {}): Promise<WAL> {
  const backend = faulty()
  const wal = await open({ builder: backend.builder, ...options })
  backend.plan = { script: { append: () => backend.hang() } }
  return wal
}

/** Errors about logs and writers that were closed, fenced or lost. */
export const STATES: readonly ErrorCase[] = [
  {
    code: 'WAL_CLOSED',
    what: 'The WAL was closed, or its opener, or the log was opened for writing once more in this process.',
    advice: 'Open it again, if you still need it.',
    async make() {
      const wal = await open()
      await wal.close()
      await wal.append(message('a'))
    },
  },
  {
    code: 'WAL_TIMEOUT',
    what: 'The message waited behind others until its time was up. It is not written.',
    advice:
      'Append it again, with a larger `timeoutMs` perhaps. The last failure, if there was one, is the cause.',
    async make() {
      const wal = await stuck({ budgetBytes: 1 << 20, maxWaitingBytes: 1 << 20 })
      wal.append({ payload: new Uint8Array(1 << 18) }).catch(() => {})
      await turn()
      await wal.append(message('a'), { timeoutMs: 20 })
    },
  },
  {
    code: 'WAL_TIMEOUT',
    what: 'The backend did not let the log be opened in time.',
    advice: 'Where a failure was heard of, the text names the last one: mend that. Or raise `openTimeoutMs`.',
    async make() {
      const backend = faulty()
      backend.plan = { script: { open: () => backend.hang() } }
      await open({ builder: backend.builder, openTimeoutMs: 200 })
    },
  },
  {
    code: 'WAL_OUTCOME_UNKNOWN',
    what: 'The message was sent, and no answer came in time.',
    advice: 'Don’t send it again. `resolve(error.token)` finds out what became of it, in any process.',
    async make() {
      const wal = await stuck()
      await wal.append(message('a'), { timeoutMs: 20 })
    },
  },
  {
    code: 'WAL_FENCED',
    what: 'A newer writer opened the log.',
    advice: 'Stop being the writer. Two processes that open at `next` in a loop fence each other forever.',
    async make() {
      const wal = await open({ term: 1 })
      await open({ term: 2 })
      for (;;) await wal.append(message('a'))
    },
  },
  {
    code: 'WAL_FENCED',
    what: 'The term that was asked for is lower than the log’s.',
    advice: 'Open with a higher term, or with `next`, if this process is to be the writer.',
    async make() {
      const wal = await open({ term: 7 })
      await wal.close()
      await open({ term: 3 })
    },
  },
  {
    code: 'WAL_READ_ONLY',
    what: 'The log was opened for reading, and the call writes.',
    advice: 'Open it with `accessMode: "rw"`, in the process that is to be its writer.',
    async make() {
      await open()
      const reader = (await openReader()) as unknown as WAL
      await reader.append(message('a'))
    },
  },
  {
    code: 'WAL_CHANNEL_NOT_FOUND',
    what: 'Nobody has opened the log for writing yet, or its name is misspelt.',
    advice: 'A reader that may come before the writer tries again.',
    make: () => openReader({ channel: 'nowhere' }),
  },
  {
    code: 'WAL_POSITION_TRUNCATED',
    what: 'The messages at the position were freed by `truncate`, or removed by others.',
    advice: 'Go on with `read({ from: error.oldest })`, or ask for gaps with `gaps: "deliver"`.',
    async make() {
      const wal = await open()
      const [first, , third] = await wal.appendBatch([message('a'), message('b'), message('c')])
      await wal.truncate((third as { position: string }).position)
      for await (const _ of wal.read({ from: (first as { position: string }).position, until: 'end' }));
    },
  },
  {
    code: 'WAL_POSITION_MISMATCH',
    what: 'The position is of another log, or of this one before it was deleted and made again.',
    advice: 'Look which log the position was saved for. After a deletion, begin at the oldest message.',
    async make() {
      const { position } = await (await open({ channel: 'other' })).append(message('a'))
      const wal = await open()
      await wal.append(message('b'))
      for await (const _ of wal.read({ from: position, until: 'end' }));
    },
  },
  {
    code: 'WAL_LOG_ROLLED_BACK',
    what: 'The storage lost acknowledged messages at the log’s end: a failover, or an older copy was restored.',
    advice:
      'Find out what is lost: `error.known` is the last position that was known. Then `read({ from: error.resumeAt })`.',
    async make() {
      const wal = await open({ timeTickMs: 60_000 })
      await wal.append(message('a'))
      const saved = saveMemoryLog('log')
      const { position } = await wal.append(message('b'))
      await wal.close()
      saved.putBack()
      const again = await open()
      await again.append(message('c'))
      for await (const _ of again.read({ after: position, until: 'end' }));
    },
  },
  {
    code: 'WAL_MESSAGE_TOO_LARGE',
    what: 'The message is larger than the backend stores. It is not written.',
    advice: 'Store the object elsewhere, and append where it is.',
    async make() {
      const wal = await open({ backend: { maxRecordBytes: 2048 } })
      await wal.append({ payload: new Uint8Array(4096) })
    },
  },
  {
    code: 'WAL_RATE_LIMITED',
    what: 'More appends wait for room than may. The message is not written.',
    advice: 'Await appends before making more, or use `appendAll`, which waits by itself.',
    async make() {
      const wal = await stuck({ budgetBytes: 1 << 20, maxWaitingBytes: 0 })
      const appends = Array.from({ length: 400 }, () => wal.append({ payload: new Uint8Array(1000) }))
      for (const each of appends) each.catch(() => {})
      await Promise.race(appends)
    },
  },
  {
    code: 'WAL_CLOCK_AHEAD',
    what: 'The log’s time ticks are ahead of this machine’s clock, by more than may be.',
    advice: 'Correct the clock that is wrong, this machine’s or that of the writer before.',
    async make() {
      const wal = await open({ runtime: withOffset(3_600_000) })
      await wal.close()
      await open({ runtime: withOffset(0) })
    },
  },
  {
    code: 'WAL_BACKEND_NOT_REGISTERED',
    what: 'The import is missing that makes the backend known.',
    advice: 'Install and import the package that the text names.',
    make: () => openWal('kafka://127.0.0.1', { channel: 'log' }),
  },
  {
    code: 'WAL_BACKEND_ALREADY_REGISTERED',
    what: 'Two packages give a backend of one name, or one package is installed in two versions.',
    advice: 'Remove one of them.',
    make() {
      const builder = mustGetBuilder('memory') as never
      registerBackend({ builder, specVersion: SPEC_VERSION, packageName: 'another', packageVersion: '1.0.0' })
    },
  },
  {
    code: 'WAL_SPEC_UNSUPPORTED',
    what: 'Another system writes the log.',
    advice: 'Read it, with `accessMode: "ro"`. For writing take another channel.',
    async make() {
      const log = await foreignLog('log')
      await log.append({ timeTick: 5, text: 'a' }, { timeTick: 6, tick: true })
      await open()
    },
  },
  {
    code: 'WAL_BUDGET_EXCEEDED',
    what: 'Another system’s log holds more between two of its time ticks than memory allows.',
    advice: 'Open it with a larger `budgetBytes`, or read with fewer scanners at once.',
    async make() {
      const log = await foreignLog('log')
      const text = 'x'.repeat(300_000)
      await log.append(
        { timeTick: 1, tick: true },
        ...[5, 6, 7, 8, 9].map((timeTick) => ({ timeTick, text })),
      )
      const reader = await openReader({ budgetBytes: 1 << 20 })
      for await (const _ of reader.read());
    },
  },
  {
    code: 'WAL_CORRUPT',
    what: 'What is stored is damaged. The text names the place.',
    advice: 'Restore the log from a copy. Messages before the damage can be read.',
    async make() {
      const log = await foreignLog('log')
      await log.appendAsIs({ payload: bytes('a'), properties: ['_v', 'x'] })
      const reader = await openReader()
      for await (const _ of reader.read({ until: 'end' }));
    },
  },
]
