import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { type AppendResult, openWal, type ReadOnlyWAL, type Scanner, type WAL } from '@wal/core'
import { checkHistory, HistoryWriter } from '@wal/walimpls/conformance'
import '../src/index.js'
import { messageIds } from '../src/message-id.js'

const CALLERS = 200

export interface WorkloadOptions {
  /** Where the writer and one reader connect; others go straight to the server. */
  readonly url: string
  readonly directUrl: string
  readonly channel: string
  readonly appends: number
  readonly timeoutMs: number
  /** Called again and again while appends are made, each time when some more have settled. */
  disturb(round: number): Promise<void>
  readonly rounds: number
}

export interface WorkloadCounts {
  acked: number
  unknown: number
  notWritten: number
  /** Attempts of batches that the backend could not tell the outcome of; the pipeline sent them again. */
  doubtfulAttempts: number
}

/**
 * Many callers append while something disturbs the server or the way to it; readers follow. In the end every unknown
 * outcome is resolved, and the history is judged by the rules of the guarantees.
 */
export async function runWorkload(options: WorkloadOptions): Promise<WorkloadCounts> {
  const { url, directUrl, channel, appends, timeoutMs, rounds } = options
  const counts: WorkloadCounts = { acked: 0, unknown: 0, notWritten: 0, doubtfulAttempts: 0 }
  const history = new HistoryWriter()
  const tokens = new Map<string, string>()
  const quiet = () => {}
  const logger = {
    debug: quiet,
    info: quiet,
    error: quiet,
    warn: (fields: object) => {
      if ((fields as { error?: { outcome?: string } }).error?.outcome === 'unknown') counts.doubtfulAttempts++
    },
  }
  const wal = await openWal(url, { channel, logger })
  const reader = await openWal(url, { channel, accessMode: 'ro' })
  const direct = await openWal(directUrl, { channel, accessMode: 'ro' })
  try {
    const writer = { term: wal.channel.term, incarnation: 'one' }
    history.add({ kind: 'opened', writer })
    const following = [follow('own', wal), follow('through', reader), follow('direct', direct)]
    let next = 0
    let settled = 0
    const one = async (name: string): Promise<void> => {
      const payload = Buffer.from(name.padEnd(200, '.'))
      history.add({
        kind: 'append-invoked',
        append: name,
        writer,
        vchannel: '',
        payloadHash: hashOf(payload),
      })
      try {
        const properties = new Map([['append', name]])
        written(name, await wal.append({ vchannel: '', payload, properties }, { timeoutMs }))
        counts.acked++
      } catch (error) {
        const { code = 'none', token, outcome } = error as { code?: string; token?: string; outcome?: string }
        if (outcome === 'unknown') {
          history.add({ kind: 'append-unknown', append: name })
          counts.unknown++
          tokens.set(name, token ?? assert.fail('an unknown outcome without a token'))
        } else {
          history.add({ kind: 'append-failed', append: name, code })
          counts.notWritten++
        }
      }
      settled++
    }
    const caller = async (): Promise<void> => {
      while (next < appends) await one(`a${next++}`)
    }
    const disturbing = async (): Promise<void> => {
      for (let round = 0; round < rounds; round++) {
        const due = ((round + 0.5) * appends) / rounds
        while (settled < due) await new Promise((resolve) => setTimeout(resolve, 2))
        await options.disturb(round)
      }
    }
    await Promise.all([disturbing(), ...Array.from({ length: CALLERS }, caller)])
    const payload = Buffer.from('the end')
    history.add({ kind: 'append-invoked', append: 'end', writer, vchannel: '', payloadHash: hashOf(payload) })
    const end = await wal.append({ vchannel: '', payload, properties: new Map([['append', 'end']]) })
    written('end', end)
    following.push(follow('late', direct))
    for (const each of following) await each.upTo(end.timeTick)
    for (const [append, token] of tokens) {
      const resolution = await direct.resolve(token)
      history.add(
        resolution.outcome === 'written'
          ? {
              kind: 'append-resolved',
              append,
              outcome: 'written',
              id: resolution.result.messageId,
              timeTick: `${resolution.result.timeTick}`,
            }
          : { kind: 'append-resolved', append, outcome: 'not-written' },
      )
    }
  } finally {
    await Promise.all([wal.close(), reader.close(), direct.close()])
  }
  const compareIds = (a: string, b: string) => messageIds.compare(messageIds.parse(a), messageIds.parse(b))
  const violations = checkHistory(history.events, { compareIds })
  assert.deepEqual(violations.slice(0, 5), [], `the history breaks the rules ${violations.length} times`)
  return counts

  function written(append: string, { messageId, timeTick }: AppendResult): void {
    history.add({ kind: 'append-ok', append, id: messageId, timeTick: `${timeTick}` })
  }

  function follow(name: string, log: WAL | ReadOnlyWAL) {
    const scanner: Scanner = log.read()
    history.add({ kind: 'scanner-started', scanner: name, start: 'all' })
    let reached = -1n
    const reading = (async () => {
      for await (const message of scanner) {
        const append = message.properties.get('append')
        history.add({
          kind: 'delivered',
          scanner: name,
          id: message.messageId,
          timeTick: `${message.timeTick}`,
          payloadHash: hashOf(message.payload),
          term: message.term,
          ...(append === undefined ? {} : { append }),
        })
        reached = message.timeTick
        if (append === 'end') return
      }
    })()
    return {
      async upTo(timeTick: bigint): Promise<void> {
        await reading
        assert.ok(reached >= timeTick, `${name} ended at ${reached}`)
        history.add({ kind: 'scanner-reached', scanner: name, timeTick: `${timeTick}` })
      },
    }
  }
}

function hashOf(payload: Uint8Array): string {
  return createHash('sha256').update(payload).digest('hex').slice(0, 16)
}
