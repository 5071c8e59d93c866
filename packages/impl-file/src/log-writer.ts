import { type AppendOutcome, type File, WalError, type Writer } from '@wal/walimpls'
import { claimEpoch, isCurrent } from './epoch.js'
import { codeOf, mapAppendError } from './error-mapping.js'
import { identityOf, sealFrame } from './frame.js'
import type { EncodedBatch } from './frame-encoder.js'
import { type SegmentName, segmentName, segmentPath } from './layout.js'
import type { LogDirectory } from './log-directory.js'
import { findEnd } from './log-end.js'
import { encodeSegmentHeader, SEGMENT_HEADER_BYTES, type Seal } from './segment-header.js'

/** The segment being written. */
interface Open {
  readonly file: File
  readonly name: SegmentName
  readonly identity: number
  end: number
}

/**
 * Writes batches, one after another. The first takes an epoch, which fences every earlier writer. After each write, and
 * before anything is acknowledged or written on top, it looks whether a later epoch was taken: so a superseded writer
 * leaves at most one batch behind the end that its successor found, and that one is never acknowledged.
 */
export class LogWriter {
  private epoch: number | undefined
  private ordinal = 0
  /** Where the log ends, durably. Undefined before it was found out; its seal is when there is nothing before. */
  private anchor: { readonly seal: Seal | undefined } | undefined
  private nextId = 1
  private open: Open | undefined
  private fenced = false
  /** Whether an earlier attempt may have left its batch where a successor counts it. */
  private uncertain = false

  constructor(
    private readonly log: LogDirectory,
    private readonly writer: Writer,
    private readonly segmentBytes: number,
    private readonly report: (notice: string) => void,
  ) {}

  /** Resolves with the id of the first record once all are durable and no successor was there. */
  async store(batch: EncodedBatch): Promise<number> {
    let outcome: AppendOutcome = 'not-written'
    try {
      this.assertCurrent()
      this.anchor ??= await this.takeOver()
      if (this.open !== undefined && this.open.end + batch.bodyEnd > this.segmentBytes)
        await this.leaveSegment()
      const segment = this.open ?? (await this.newSegment())
      outcome = 'unknown'
      const offset = this.open === undefined ? SEGMENT_HEADER_BYTES : segment.end
      const length = sealFrame(batch.bytes, batch.bodyEnd, this.fields(batch), segment.identity, offset)
      const frame = batch.bytes.subarray(0, length)
      if (this.open === undefined) await this.beginSegment(segment, frame)
      else await segment.file.writeDurably([frame], offset)
      this.assertCurrent()
      return this.acknowledged(segment, offset, length, batch.count)
    } catch (error) {
      // Whether a failed write or sync has reached the disk is never asked again: the segment is sealed where it was
      // known to be durable, and the batch goes into a new one when it is sent again.
      if (outcome === 'unknown') this.uncertain = true
      await this.leaveSegment()
      throw mapAppendError(error, `appending to ${this.log.path}`, this.uncertain ? 'unknown' : outcome)
    }
  }

  /** Whether a later writer was seen, by this look or before. */
  isFenced(): boolean {
    if (this.epoch !== undefined && !this.fenced)
      this.fenced = !isCurrent(this.log.files, this.log.path, this.epoch)
    return this.fenced
  }

  /** Marks a clean close: damage found later is then no torn end. */
  async close(): Promise<void> {
    const segment = this.open
    if (segment !== undefined && !this.isFenced()) {
      const mark = Buffer.alloc(64)
      const fields = { firstId: this.nextId, count: 0, sequence: 0 }
      const length = sealFrame(mark, 40, fields, segment.identity, segment.end)
      // Without the mark the log is as good, but for telling damage in its last batch from a crash.
      await segment.file.writeDurably([mark.subarray(0, length)], segment.end).catch(() => {})
    }
    await this.leaveSegment()
  }

  private async takeOver(): Promise<{ readonly seal: Seal | undefined }> {
    this.epoch ??= await claimEpoch(this.log.files, this.log.path)
    const { seal, nextId } = await findEnd(this.log, this.report)
    this.nextId = nextId
    return { seal }
  }

  /** A file for the next segment, empty as yet. */
  private async newSegment(): Promise<Open> {
    // No file of an epoch that is no longer current: see the class.
    this.assertCurrent()
    const { files, path } = this.log
    for (;;) {
      const name = segmentName(this.nextId, this.epoch as number, this.ordinal + 1)
      try {
        const file = await files.open(segmentPath(path, name), 'create')
        this.ordinal++
        return { file, name, identity: identityOf(name.file), end: 0 }
      } catch (error) {
        if (codeOf(error) !== 'EEXIST') throw error
        this.ordinal++
      }
    }
  }

  private async beginSegment(segment: Open, frame: Uint8Array): Promise<void> {
    const header = encodeSegmentHeader({
      name: segment.name,
      previous: this.anchor?.seal,
      writer: this.writer,
    })
    try {
      await segment.file.writeDurably([header, frame], 0)
      await this.log.files.syncDirectory(this.log.path)
    } catch (error) {
      await this.discard(segment, header.length + frame.length)
      throw error
    }
    this.open = segment
  }

  /** Removes a segment that the disk had no room for, so that trying again and again leaves nothing behind. */
  private async discard({ file, name }: Open, length: number): Promise<void> {
    try {
      const incomplete = await file
        .size()
        .then((size) => size < length)
        .finally(() => file.close())
      // A complete one may have been read already; it stays and is void once the next one counts.
      if (incomplete) {
        await this.log.files.remove(segmentPath(this.log.path, name))
        this.ordinal--
      }
    } catch {
      // The first error is the one to report.
    }
  }

  private acknowledged(segment: Open, offset: number, length: number, count: number): number {
    const firstId = this.nextId
    segment.end = offset + length
    this.anchor = { seal: { segment: segment.name, end: segment.end } }
    this.nextId += count
    this.uncertain = false
    this.log.index.noteAcknowledged(segment.name, firstId, offset, segment.end)
    return firstId
  }

  private async leaveSegment(): Promise<void> {
    const segment = this.open
    this.open = undefined
    // All that counts is durable already.
    await segment?.file.close().catch(() => {})
  }

  private assertCurrent(): void {
    if (!this.isFenced()) return
    throw new WalError(
      'WAL_FENCED',
      `${this.log.path}: another writer has taken over (epoch ${(this.epoch as number) + 1}). Only one may write; stop this one.`,
    )
  }

  private fields({ count, sequence }: EncodedBatch) {
    return { firstId: this.nextId, count, sequence }
  }
}
