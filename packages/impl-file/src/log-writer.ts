import { type File, WalError, type Writer } from '@wal/walimpls'
import { claimEpoch, isCurrent, isSuperseded } from './epoch.js'
import { codeOf, isNoRoom, mapAppendError } from './error-mapping.js'
import { CLEAN_CLOSE, FRAME_HEADER_BYTES, type FrameBody, frameBytes, frameOf, identityOf } from './frame.js'
import { type SegmentName, segmentName, segmentPath } from './layout.js'
import type { LogDirectory } from './log-directory.js'
import { findEnd, type Unproven } from './log-end.js'
import { fitsReserve, Reserve } from './reserve.js'
import { encodeSegmentHeader, SEGMENT_HEADER_BYTES, type Seal } from './segment-header.js'

/** The segment being written. */
interface Open {
  readonly file: File
  readonly name: SegmentName
  readonly identity: number
  /** The identity of the file that was created. */
  readonly fileIdentity: string | undefined
  end: number
}

/**
 * Writes batches, one after another. The first takes an epoch, which fences every earlier writer. After each write, and
 * before anything is acknowledged or written on top, it looks whether a later epoch was taken: so a superseded writer
 * leaves at most one batch behind the end that its successor found, and that one is never acknowledged.
 */
export class LogWriter {
  #epoch: number | undefined
  #ordinal = 0
  /** Up to where the log is durable. Undefined before the first batch; its seal is undefined in a log without records. */
  #end: { readonly seal: Seal | undefined } | undefined
  /** The last batch of the writer before, until it was written again. */
  #unproven: Unproven | undefined
  #nextId = 1
  #open: Open | undefined
  #fenced = false
  /** The segment that holds the last acknowledged batch. */
  #lastSegment: Open | undefined
  /** Whether another or a shorter file lies where that segment was: then the log has to be opened again. */
  #replaced = false
  /** Whether this attempt to store the batch, or an earlier one, may have written to a file. */
  #attempted = false
  /** Whether a batch of this writer was acknowledged. Before that the writer may use the reserve when the disk is full. */
  #stored = false
  readonly #reserve: Reserve
  /** Whether the disk had no room to set aside for the opening record of the next writer. */
  lacksReserve = false

  readonly #log: LogDirectory
  readonly #writer: Writer
  readonly #segmentBytes: number
  readonly #report: (notice: string) => void

  constructor(
    log: LogDirectory,
    writer: Writer,
    { segmentBytes, report }: { readonly segmentBytes: number; readonly report: (notice: string) => void },
  ) {
    this.#log = log
    this.#writer = writer
    this.#segmentBytes = segmentBytes
    this.#report = report
    this.#reserve = new Reserve(log.files, log.path)
  }

  /** Resolves with the id of the first record, once all records are durable and no later writer has taken over. */
  async store(batch: FrameBody): Promise<number> {
    try {
      this.#assertCurrent()
      if (this.#end === undefined) await this.#takeOver()
      if (this.#unproven !== undefined) {
        await this.#writeAgain(this.#unproven)
        this.#unproven = undefined
      }
      const id = await this.#write(batch)
      if (!this.#stored) await this.fillReserve()
      this.#stored = true
      return id
    } catch (error) {
      // Whether a failed write or sync has reached the disk is never asked again: the segment is sealed where it was
      // known to be durable, and the batch goes into a new one when it is sent again.
      await this.#leaveSegment()
      const attempted = this.#attempted && this.#unproven === undefined
      throw mapAppendError(error, `appending to ${this.#log.path}`, attempted ? 'unknown' : 'not-written')
    }
  }

  /** Whether a later writer was seen, by this look or before, or the folder was put back to an older state. */
  isFenced(): boolean {
    this.#replaced ||= !this.#isInPlace()
    if (this.#replaced) return true
    if (this.#epoch !== undefined) this.#fenced ||= !this.#isNewest(this.#epoch)
    return this.#fenced
  }

  /** Sets room aside for the next open, where there is some. Never rejects: a batch that is stored stays stored. */
  async fillReserve(): Promise<void> {
    try {
      this.lacksReserve = !(await this.#reserve.fill())
    } catch (error) {
      this.lacksReserve = true
      this.#report(`${this.#log.path}: no room could be set aside for the next open: ${String(error)}`)
    }
  }

  /** Marks a clean close: damage found later is then no torn end. */
  async close(): Promise<void> {
    const segment = this.#open
    if (segment !== undefined && !this.isFenced()) {
      const mark = this.#frameOf(CLEAN_CLOSE, segment)
      // The mark may be missing: then damage in the last batch can't be told from a crash while it was written.
      await segment.file.writeDurably(mark, segment.end).catch(() => {})
    }
    await this.#leaveSegment()
  }

  async #takeOver(): Promise<void> {
    this.#epoch ??= await claimEpoch(this.#log.files, this.#log.path)
    const { seal, nextId, unproven } = await findEnd(this.#log, this.#report)
    this.#end = { seal }
    this.#nextId = nextId
    this.#unproven = unproven
  }

  async #write(batch: FrameBody): Promise<number> {
    if (
      this.#open !== undefined &&
      this.#open.end + FRAME_HEADER_BYTES + batch.bodyBytes > this.#segmentBytes
    )
      await this.#leaveSegment()
    const segment = this.#open
    if (segment === undefined) return this.#begin(batch)
    const frame = this.#frameOf(batch, segment)
    this.#attempted = true
    await segment.file.writeDurably(frame, segment.end)
    this.#assertCurrent()
    return this.#acknowledge(segment, frameBytes(batch), batch.count)
  }

  /** Writes the batch as the first of a new segment, of a reserved one where the disk is full and nothing is stored yet. */
  async #begin(batch: FrameBody): Promise<number> {
    try {
      return await this.#beginWith(await this.#newSegment(), batch)
    } catch (error) {
      if (this.#stored || !isNoRoom(error) || !fitsReserve(SEGMENT_HEADER_BYTES + frameBytes(batch)))
        throw error
      const segment = await this.#reservedSegment()
      if (segment === undefined) throw error
      return this.#beginWith(segment, batch)
    }
  }

  async #beginWith(segment: Open, batch: FrameBody): Promise<number> {
    const frame = this.#frameOf(batch, segment)
    this.#attempted = true
    await this.#beginSegment(segment, frame)
    this.#assertCurrent()
    return this.#acknowledge(segment, frameBytes(batch), batch.count)
  }

  #frameOf(body: FrameBody, { identity, end }: Open): Uint8Array[] {
    return frameOf(body, { firstId: this.#nextId, identity, offset: end })
  }

  /**
   * Makes the last batch of the writer before this one durable: it is written again, as the first of a new segment. When the
   * disk has no room for that, its bytes are written once more where they lie, which needs none. The log then goes on behind it.
   */
  async #writeAgain(batch: Unproven): Promise<void> {
    try {
      await this.#write(batch)
    } catch (error) {
      if (!isNoRoom(error)) throw error
      const { segment, start, end } = batch.place
      const { files, path } = this.#log
      const file = await files.open(segmentPath(path, segment), 'write')
      try {
        const bytes = Buffer.alloc(end - start)
        if ((await file.read(bytes, start)) < bytes.length) throw error
        await file.writeDurably([bytes], start)
      } finally {
        await file.close()
      }
      await files.syncDirectory(path)
      this.#assertCurrent()
      this.#end = { seal: { segment, end } }
      this.#nextId += batch.count
      this.#attempted = false
    }
  }

  /** Creates an empty file for the next segment. */
  async #newSegment(): Promise<Open> {
    const { files, path } = this.#log
    for (;;) {
      const name = segmentName(this.#nextId, this.#epoch as number, this.#ordinal + 1)
      try {
        const file = await files.open(segmentPath(path, name), 'create')
        this.#ordinal++
        return this.#opened(file, name)
      } catch (error) {
        if (codeOf(error) !== 'EEXIST') throw error
        this.#ordinal++
      }
    }
  }

  /** Makes a file that was set aside the next segment; undefined when none is left. */
  async #reservedSegment(): Promise<Open | undefined> {
    const { files, path } = this.#log
    const name = segmentName(this.#nextId, this.#epoch as number, this.#ordinal + 1)
    if (!(await this.#reserve.useAs(segmentPath(path, name)))) return undefined
    // Ordinals have no gaps, since a reader looks only for the next one.
    this.#ordinal++
    const file = await files.open(segmentPath(path, name), 'write')
    return this.#opened(file, name)
  }

  #opened(file: File, name: SegmentName): Open {
    const fileIdentity = this.#log.files.lookNow(file.path)?.identity
    return { file, name, identity: identityOf(name.file), fileIdentity, end: SEGMENT_HEADER_BYTES }
  }

  async #beginSegment(segment: Open, frame: readonly Uint8Array[]): Promise<void> {
    const header = encodeSegmentHeader({
      name: segment.name,
      previous: this.#end?.seal,
      writer: this.#writer,
    })
    try {
      await segment.file.writeDurably([header, ...frame], 0)
      await this.#log.files.syncDirectory(this.#log.path)
    } catch (error) {
      await this.#discard(
        segment,
        frame.reduce((sum, { length }) => sum + length, header.length),
      )
      throw error
    }
    this.#open = segment
  }

  /** Removes a segment that the disk had no room for, so that trying again and again leaves nothing behind. */
  async #discard({ file, name }: Open, length: number): Promise<void> {
    try {
      const incomplete = await file
        .size()
        .then((size) => size < length)
        .finally(() => file.close())
      // A complete segment may have been read already, so it stays. It does not count once the next one does.
      if (incomplete) {
        await this.#log.files.remove(segmentPath(this.#log.path, name))
        this.#ordinal--
      }
    } catch {
      // The first error is the one to report.
    }
  }

  #acknowledge(segment: Open, length: number, count: number): number {
    const firstId = this.#nextId
    const start = segment.end
    segment.end = start + length
    this.#end = { seal: { segment: segment.name, end: segment.end } }
    this.#nextId += count
    this.#attempted = false
    if (this.#lastSegment !== segment) this.#log.know(segment.name, segment.fileIdentity)
    this.#lastSegment = segment
    this.#log.index.noteAcknowledged(segment.name, { firstId, offset: start, end: segment.end })
    return firstId
  }

  async #leaveSegment(): Promise<void> {
    const segment = this.#open
    this.#open = undefined
    // All acknowledged batches are durable already.
    await segment?.file.close().catch(() => {})
  }

  /** Whether the channel was deleted. Then both the segment and the marker are gone, so looking for one of them is enough. */
  #isNewest(epoch: number): boolean {
    const { files, path } = this.#log
    return this.#lastSegment === undefined ? isCurrent(files, path, epoch) : !isSuperseded(files, path, epoch)
  }

  /**
   * Whether the file still has its name: what is written to a file without a name is lost. Asked before every
   * acknowledgement, since it takes a microsecond.
   */
  #isInPlace(): boolean {
    const lastSegment = this.#lastSegment
    if (lastSegment === undefined) return true
    const found = this.#log.files.lookNow(lastSegment.file.path)
    return found !== undefined && found.identity === lastSegment.fileIdentity && found.size >= lastSegment.end
  }

  #assertCurrent(): void {
    if (!this.isFenced()) return
    if (this.#replaced)
      throw new WalError(
        'WAL_FENCED',
        `${this.#log.path}: the folder was put back to an older state, or removed, while this writer had it open. The writer reads what the log holds now.`,
      )
    throw new WalError(
      'WAL_FENCED',
      `${this.#log.path}: another writer opened the log after this one, and has taken it over. Only one may write: stop this one.`,
    )
  }
}
