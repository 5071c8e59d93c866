import { AppendError, type Batch, outcomeOf, type Writer } from '@wal/walimpls'
import { mapAppendError, mapError } from './client/error-mapping.js'
import type { RedisCalls } from './client/redis-calls.js'
import { isAfter, rolledBack } from './continuity.js'
import type { LogLook } from './log-view.js'
import { missing } from './scanner.js'
import { appendScript } from './scripts/append-script.js'
import { runScript, textAt } from './scripts/script.js'
import { type EncodedBatch, encodeBatch } from './stored/batch-encoder.js'
import { damagedField } from './stored/damaged-state.js'
import type { LogKeys } from './stored/log-keys.js'
import { idText, messageIds, type RedisStreamsId } from './stored/message-id.js'

export interface AppenderParts {
  readonly calls: RedisCalls
  readonly keys: LogKeys
  readonly writer: Writer
  /** What was there at the open. */
  readonly look: LogLook
  /** Milliseconds for the ids of a new writer; the script raises them where needed. */
  readonly milliseconds: number
  readonly publish: 'PUBLISH' | 'SPUBLISH'
  readonly maxRecordBytes: number
  /** Resolves when what was stored so far is as durable as was asked for. */
  readonly confirm: (() => Promise<void>) | undefined
}

/**
 * Sends a writer's batches, several in flight. That a hole never is filled later (G3) rests on the script: each batch
 * names the id before it, and is refused unless that is the last one.
 */
export class Appender {
  readonly writerText: string
  /** Greatest id that this writer was told, or that was there when it opened. */
  known: RedisStreamsId | undefined
  readonly #place: string
  #base: number | undefined
  /** What the next batch expects to be the last id; undefined: `known`. */
  #previous: RedisStreamsId | undefined
  #refusing = 0
  #failures = 0
  #tail: Promise<unknown> = Promise.resolve()
  /** Batches of which an attempt may have landed. At most those that the adaptor sends again. */
  readonly #doubtful = new Set<number>()
  #ended: AppendError | undefined
  #claim: string
  readonly #parts: AppenderParts

  constructor(parts: AppenderParts) {
    this.#parts = parts
    const { writer, look, keys } = parts
    this.#place = `the stream ${keys.stream}`
    this.writerText = `${writer.term} ${writer.incarnation}`
    this.known = look.exists ? look.last : undefined
    const mine = look.exists && look.writer === this.writerText
    this.#base = mine ? look.base : undefined
    this.#claim = mine ? 'no' : `from ${look.writer}`
  }

  append(batch: Batch): Promise<readonly RedisStreamsId[]> {
    let encoded: EncodedBatch
    try {
      if (this.#ended !== undefined) throw this.#ended
      encoded = encodeBatch(batch, this.#parts.maxRecordBytes)
    } catch (error) {
      return this.refuse(asAppendError(error))
    }
    const failuresBefore = this.#failures
    const before = this.#tail
    // One at a time until the server has named the milliseconds of this writer's ids, and behind one that is refused:
    // the caller that sent this batch does not know of the refusal yet.
    const sent =
      this.#base === undefined || this.#refusing > 0
        ? before.then(() => this.#send(batch, encoded, failuresBefore))
        : this.#send(batch, encoded, failuresBefore)
    sent.catch(() => {})
    const settled = before
      .then(() => sent)
      .then(
        (ids) => this.#succeed(batch, ids, failuresBefore),
        (error) => this.#fail(batch, error, failuresBefore),
      )
    this.#tail = settled.catch(() => {})
    return settled
  }

  /** Rejects behind those in flight, since calls settle in order. What is handed in until then is turned away with it. */
  refuse(error: AppendError): Promise<never> {
    this.#refusing++
    const refused = this.#tail.then(() => {
      this.#refusing--
      this.#failures++
      this.#previous = undefined
      throw error
    })
    this.#tail = refused.catch(() => {})
    return refused
  }

  async settled(): Promise<void> {
    await this.#tail
  }

  async #send(batch: Batch, encoded: EncodedBatch, failuresBefore: number): Promise<RedisStreamsId[]> {
    if (failuresBefore !== this.#failures) throw behind()
    const { calls, keys, writer, milliseconds, publish, confirm } = this.#parts
    const { sequence, messages } = batch
    const expected = this.#previous ?? this.known
    if (this.#base !== undefined) this.#previous = messageIds.of(this.#base, sequence + messages.length - 1)
    const args = [
      this.writerText,
      writer.term,
      milliseconds,
      sequence,
      messages.length,
      expected === undefined ? '' : idText(expected),
      sequence === 0 ? 'yes' : this.#claim,
      this.known === undefined ? '' : idText(this.known),
      this.#base ?? '',
      publish,
      encoded.largest,
      encoded.bytes,
    ]
    let confirmed: Promise<void> | undefined
    // On the same connection, right behind: it speaks of the batch and of all before it.
    const sent =
      confirm &&
      (() => {
        confirmed = confirm()
        confirmed.catch(() => {})
      })
    const doing = `appending to ${keys.stream}`
    const reply = await runScript(calls, appendScript, keys, args, doing, { sent, mapped: mapAppendError })
    const word = textAt(reply, 0)
    if (word !== 'ok') throw this.#refusal(word, textAt(reply, 1))
    this.#base = Number(textAt(reply, 1))
    this.#claim = 'no'
    await confirmed?.catch((error) => {
      throw stored(error)
    })
    const ids = new Array<RedisStreamsId>(messages.length)
    for (let i = 0; i < ids.length; i++) ids[i] = messageIds.of(this.#base, sequence + i)
    return ids
  }

  #refusal(word: string, detail: string): AppendError {
    switch (word) {
      case 'behind':
        if (detail !== '' && messageIds.read(detail) === undefined)
          throw damagedField(this.#parts.keys, 'last', detail)
        return behind()
      case 'fenced':
        return notWritten(
          'WAL_FENCED',
          detail === ''
            ? `${this.#place} has no writer: its state was removed, or was taken back by a failover`
            : `${this.#place} has another writer, of term ${detail.split(' ')[0]}; this one has term ${this.#parts.writer.term}`,
        )
      case 'gone': {
        const error = missing(this.#place)
        return notWritten(error.code, error.message)
      }
      default: {
        const error = rolledBack(
          this.#place,
          messageIds.read(detail) ?? messageIds.of(0, 0),
          this.known as RedisStreamsId,
        )
        this.#ended = notWritten(error.code, error.message)
        return this.#ended
      }
    }
  }

  #succeed(batch: Batch, ids: readonly RedisStreamsId[], failuresBefore: number): readonly RedisStreamsId[] {
    if (failuresBefore !== this.#failures) {
      // It is stored, and so is the one before it, whose answer was lost: both are sent again and found.
      this.#doubtful.add(batch.sequence)
      throw unknownBehind()
    }
    this.#doubtful.delete(batch.sequence)
    const last = ids[ids.length - 1] as RedisStreamsId
    if (this.known === undefined || isAfter(last, this.known)) this.known = last
    return ids
  }

  #fail(batch: Batch, error: unknown, failuresBefore: number): never {
    if (failuresBefore === this.#failures) this.#failures++
    this.#previous = undefined
    const mapped = asAppendError(error)
    if (mapped.outcome === 'unknown') this.#doubtful.add(batch.sequence)
    else if (this.#doubtful.has(batch.sequence))
      throw new AppendError(mapped.code, mapped.message, {
        outcome: 'unknown',
        retryable: mapped.retryable,
        cause: mapped.cause,
      })
    throw mapped
  }
}

function notWritten(code: AppendError['code'], message: string): AppendError {
  return new AppendError(code, message, { outcome: 'not-written' })
}

function behind(): AppendError {
  return notWritten(
    'WAL_UNAVAILABLE',
    'The batch was not stored, because one before it was not. Send both again.',
  )
}

/** The batch is in the log, whatever was wrong with waiting for replicas or the disk. */
function stored(error: unknown): AppendError {
  const { code, message, retryable, cause } = mapError(error, 'confirming an append')
  return new AppendError(code, message, { outcome: 'unknown', retryable, cause })
}

function unknownBehind(): AppendError {
  return new AppendError(
    'WAL_UNAVAILABLE',
    'The answer for the batch before this one was lost. Send both again.',
    {
      outcome: 'unknown',
    },
  )
}

function asAppendError(error: unknown): AppendError {
  const mapped = mapAppendError(error, 'appending')
  if ((mapped as Partial<AppendError>).outcome !== undefined) return mapped as AppendError
  // Raised before anything was sent.
  return new AppendError(mapped.code, mapped.message, {
    outcome:
      mapped.code === 'WAL_INVALID_ARGUMENT' || mapped.code === 'WAL_CLOSED'
        ? 'not-written'
        : outcomeOf(mapped),
    retryable: mapped.retryable,
    cause: mapped.cause,
  })
}
