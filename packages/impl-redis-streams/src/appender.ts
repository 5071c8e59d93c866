import { AppendError, type Batch, type Writer } from '@wal/walimpls'
import { type AppendBounds, notWritten, notWrittenBehind, PipelinedAppends } from '@wal/walimpls/helper'
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
  /** What the server had of the log when the log was opened. */
  readonly look: LogLook
  /** The proposed milliseconds part of a new writer's ids. The script raises it when the stream already has later ids. */
  readonly milliseconds: number
  readonly publish: 'PUBLISH' | 'SPUBLISH'
  readonly maxRecordBytes: number
  readonly bounds: AppendBounds
  /** Resolves when all records stored so far are on the replicas, or on the disk, that the options ask for. */
  readonly confirm: (() => Promise<void>) | undefined
}

/**
 * Sends a writer's batches, several at once. Every batch names the id that has to be the last in the stream, and the append
 * script refuses it when another id is the last. So no batch is stored behind a missing one, and no hole is filled later (G3).
 */
export class Appender {
  readonly writerText: string
  /** The greatest id that the server told this writer, or that was in the log at the open. */
  known: RedisStreamsId | undefined
  readonly #place: string
  #base: number | undefined
  /** The id that has to be the last in the stream when the next batch arrives. When undefined: `known`. */
  #previous: RedisStreamsId | undefined
  #ended: AppendError | undefined
  #claim: string
  readonly #appends: PipelinedAppends<RedisStreamsId, EncodedBatch>
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
    this.#appends = new PipelinedAppends<RedisStreamsId, EncodedBatch>({
      bounds: parts.bounds,
      prepare: (batch) => this.#prepare(batch),
      send: (batch, encoded) => this.#send(batch, encoded),
      // The first answer of the server tells the milliseconds of this writer's ids. Later batches have to wait for it.
      mustWait: () => this.#base === undefined,
      stored: (ids) => this.#remember(ids[ids.length - 1] as RedisStreamsId),
      failed: () => {
        this.#previous = undefined
      },
    })
  }

  append(batch: Batch): Promise<readonly RedisStreamsId[]> {
    return this.#appends.append(batch)
  }

  settled(): Promise<void> {
    return this.#appends.settled()
  }

  #prepare(batch: Batch): EncodedBatch {
    if (this.#ended !== undefined) throw this.#ended
    return encodeBatch(batch, this.#parts.maxRecordBytes)
  }

  async #send(batch: Batch, encoded: EncodedBatch): Promise<RedisStreamsId[]> {
    const { calls, keys, writer, milliseconds, publish, confirm } = this.#parts
    const { sequence, count } = batch
    const expected = this.#previous ?? this.known
    if (this.#base !== undefined) this.#previous = messageIds.of(this.#base, sequence + count - 1)
    const args = [
      this.writerText,
      writer.term,
      milliseconds,
      sequence,
      count,
      expected === undefined ? '' : idText(expected),
      sequence === 0 ? 'yes' : this.#claim,
      this.known === undefined ? '' : idText(this.known),
      this.#base ?? '',
      publish,
      encoded.largest,
      encoded.bytes,
    ]
    let confirmed: Promise<void> | undefined
    // Sent right behind the batch on the same connection, so that the confirmation covers this batch and all earlier ones.
    const sent =
      confirm &&
      (() => {
        confirmed = confirm()
        confirmed.catch(() => {})
      })
    const doing = `appending to ${keys.stream}`
    const reply = await runScript(calls, appendScript, { keys, args, doing, sent, mapped: mapAppendError })
    const word = textAt(reply, 0)
    if (word !== 'ok') throw this.#refusal(word, textAt(reply, 1))
    this.#base = Number(textAt(reply, 1))
    this.#claim = 'no'
    await confirmed?.catch((error) => {
      throw stored(error)
    })
    const ids = new Array<RedisStreamsId>(batch.count)
    for (let i = 0; i < ids.length; i++) ids[i] = messageIds.of(this.#base, sequence + i)
    return ids
  }

  #refusal(word: string, detail: string): AppendError {
    switch (word) {
      case 'behind':
        if (detail !== '' && messageIds.read(detail) === undefined)
          throw damagedField(this.#parts.keys, 'last', detail)
        return notWrittenBehind()
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

  #remember(last: RedisStreamsId): void {
    if (this.known === undefined || isAfter(last, this.known)) this.known = last
  }
}

/** The error of a batch that is stored, but for which the wait for replicas or the disk failed. The outcome is `unknown`. */
function stored(error: unknown): AppendError {
  const { code, message, retryable, cause } = mapError(error, 'confirming an append')
  return new AppendError(code, message, { outcome: 'unknown', retryable, cause })
}
