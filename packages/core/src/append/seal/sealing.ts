import { WalError } from '@wal/walimpls'
import type { AppendTask } from '../../message/append-task.js'
import type { RecordArena } from '../../message/record-arena.js'
import { RecordDraft } from '../../message/record-draft.js'
import type { Stamp } from '../../message/stamp.js'
import type { TimeTickRun } from '../../time-tick/time-tick-run.js'
import type { Refusal, Seal } from './seal.js'

/** Of a message, at most: their time ticks have to fit the clock's counter beside those of a batch. */
export const MAX_SEALED_RECORDS = 1 << 16

/** Takes messages through the seals, one after the other. */
export class Sealing {
  readonly #seals: readonly Seal[]
  readonly #arena: RecordArena
  readonly #stamp: Stamp

  constructor(seals: readonly Seal[], arena: RecordArena, stamp: Stamp) {
    this.#seals = seals
    this.#arena = arena
    this.#stamp = stamp
  }

  /** Whether there is nothing to go through. */
  get empty(): boolean {
    return this.#seals.length === 0
  }

  /** The records that are to be stored for a message; `run` stands at the tick of the first, and is left there. */
  seal(task: AppendTask, run: TimeTickRun): readonly RecordDraft[] | Refusal {
    const first = run.timeTick
    const sealed: RecordDraft[] = []
    let refusal: Refusal | undefined
    try {
      refusal = this.#through(task, 0, { run, sealed })
      // Without a record to wait for it would never have an outcome.
      if (sealed.length === 0) refusal ??= miscounted()
    } catch (error) {
      // The batch goes on without the message: those that are in it by now must not wait for an outcome forever.
      refusal = { refuse: error }
    }
    run.start(first)
    return refusal ?? sealed
  }

  #through(record: RecordDraft, from: number, into: Sealed): Refusal | undefined {
    const { run, sealed } = into
    this.#stamp.fill(record, run, '')
    for (let i = from; i < this.#seals.length; i++) {
      const verdict = (this.#seals[i] as Seal).seal(record, run)
      if (verdict === undefined) continue
      if ('refuse' in verdict) return verdict
      const { vchannel, type } = record
      for (const { payload, properties } of verdict.records) {
        this.#arena.write({ payload, vchannel, properties }, this.#stamp.bytesOf(type))
        const refusal = this.#through(new RecordDraft(this.#arena, vchannel, type), i + 1, into)
        if (refusal !== undefined) return refusal
      }
      return undefined
    }
    if (sealed.length === MAX_SEALED_RECORDS) return miscounted()
    sealed.push(record)
    run.advance()
    return undefined
  }
}

function miscounted(): Refusal {
  const text = `A message can be stored as 1 to ${MAX_SEALED_RECORDS} records; a seal made another number of them`
  return { refuse: new WalError('WAL_MESSAGE_TOO_LARGE', text) }
}

interface Sealed {
  readonly run: TimeTickRun
  readonly sealed: RecordDraft[]
}
