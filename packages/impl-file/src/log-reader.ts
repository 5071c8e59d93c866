import { corrupt, type Runtime, WalError } from '@wal/walimpls'
import { checkKept, ReadAhead, sleep } from '@wal/walimpls/helper'
import { isSuperseded } from './epoch.js'
import { isMissing } from './error-mapping.js'
import type { FrameHeader } from './frame.js'
import type { SegmentName } from './layout.js'
import type { Link, LogDirectory } from './log-directory.js'
import { messageIds } from './message-id.js'
import { SEGMENT_HEADER_BYTES } from './segment-header.js'
import { CHUNK_BYTES, type Chunk, type SegmentReader } from './segment-reader.js'

/** A verified frame that is durable and final. */
export interface FoundFrame {
  readonly bytes: Buffer
  /** Where the frame starts in `bytes`. */
  readonly at: number
  readonly header: FrameHeader
  /** File and offset, for errors. */
  readonly place: string
}

/**
 * A reader syncs at most this often: one sync makes everything before it durable, and each takes the disk from the writer.
 */
const SYNC_SPACING_MS = 2
const SMALLEST_CHUNK_BYTES = 4096

/**
 * Walks the log, frame by frame, from any record on. Gives out only what no crash and no takeover can take back:
 * what is sealed; frames that another one follows (a writer begins a frame when the one before is durable and no
 * successor was seen); and the newest frame, when no successor is there and the file is synced.
 */
export class LogReader {
  readonly #chunkBytes: number
  #links: readonly Link[] = []
  #link: Link | undefined
  #reader: SegmentReader | undefined
  /** Offset of the next frame. */
  #offset = 0
  #chunk: Chunk | undefined
  #chunkIndex = 0
  readonly #ahead = new ReadAhead<Chunk>()
  /** In an open segment: frames that end at this offset or before it are final. */
  #finalEnd = 0
  #lastFrameId = 0
  #segmentNextId = 0
  /** The last frame given out. */
  #given: FrameHeader | undefined
  /** The offset at which the last look found no whole frame. */
  #suspect = -1
  #syncedAt = Number.NEGATIVE_INFINITY

  readonly #log: LogDirectory
  readonly #runtime: Runtime

  /** Lowest id that is wanted: frames whose records all have lower ids are left out. */
  nextId: number

  /**
   * What is read of the disk at once, which lies in
   * memory twice, is no more than `pageBytes` where that is less than a chunk, and no less than a frame.
   */
  constructor(
    log: LogDirectory,
    runtime: Runtime,
    { nextId, pageBytes = CHUNK_BYTES }: { readonly nextId: number; readonly pageBytes?: number | undefined },
  ) {
    this.nextId = nextId
    this.#log = log
    this.#runtime = runtime
    this.#chunkBytes = Math.max(SMALLEST_CHUNK_BYTES, Math.min(pageBytes, CHUNK_BYTES))
  }

  /**
   * The next final frame with records; undefined when there is none now. With `waitless` also undefined when finding out
   * would take a sync or a look for other segments: for callers that have something to give out already.
   */
  async nextFrame(waitless = false): Promise<FoundFrame | undefined> {
    for (;;) {
      if (this.#link === undefined) {
        if (waitless || !(await this.#locate())) return undefined
      } else if (this.#chunk !== undefined && this.#chunkIndex < this.#chunk.frames.length) {
        const frame = this.#chunk.frames[this.#chunkIndex] as FrameHeader
        if (this.#isFinal(frame)) {
          const found = this.#passed(this.#chunk, frame)
          if (found !== undefined) return found
        } else if (waitless || !(await this.#makeFinal(this.#chunk, frame))) return undefined
      } else if (this.#link.seal !== undefined && this.#offset >= this.#link.seal) {
        if (waitless || !(await this.#advance(this.#link))) return undefined
      } else if (!(await this.#readMore(this.#link))) {
        if (waitless || !(await this.#followSuccessor(this.#link))) return undefined
      }
    }
  }

  async close(): Promise<void> {
    const reader = this.#reader
    this.#reader = undefined
    this.#link = undefined
    await this.#ahead.drop()
    await reader?.close()
  }

  #passed(chunk: Chunk, frame: FrameHeader): FoundFrame | undefined {
    if (
      frame.start !== SEGMENT_HEADER_BYTES &&
      frame.firstId !== this.#segmentNextId &&
      this.#segmentNextId !== 0
    )
      throw corrupt(
        this.#place(frame.start),
        `record ${this.#segmentNextId} is missing, ${frame.firstId} follows`,
      )
    this.#checkGiven(frame)
    this.#chunkIndex++
    this.#offset = frame.end
    this.#lastFrameId = frame.firstId
    this.#segmentNextId = frame.firstId + frame.count
    this.#log.index.note((this.#link as Link).name, frame)
    if (this.#segmentNextId <= this.nextId) return undefined
    this.nextId = this.#segmentNextId
    this.#given = frame
    return {
      bytes: chunk.bytes,
      at: frame.start - chunk.start,
      header: frame,
      place: this.#place(frame.start),
    }
  }

  /** A successor writes the last batch again, and only that: another one where it lay is another log. */
  #checkGiven(frame: FrameHeader): void {
    const given = this.#given
    if (given === undefined || given.firstId < frame.firstId || given.firstId >= frame.firstId + frame.count)
      return
    const same =
      given.firstId === frame.firstId && given.count === frame.count && given.bodyCrc === frame.bodyCrc
    if (!same) throw this.#putBack(`${this.#place(frame.start)} holds another batch than the one read before`)
  }

  #isFinal(frame: FrameHeader): boolean {
    const { name, seal } = this.#link as Link
    // The first frame of a link is final as the link is.
    return (
      seal !== undefined ||
      frame.end <= this.#finalEnd ||
      frame.start === SEGMENT_HEADER_BYTES ||
      frame.end <= this.#log.index.acknowledgedEnd(name)
    )
  }

  /** The newest frame seen so far. Without a later epoch, a writer that takes one from now on finds the frame. */
  async #makeFinal(chunk: Chunk, frame: FrameHeader): Promise<boolean> {
    const reader = this.#reader as SegmentReader
    if (!isSuperseded(this.#log.files, this.#log.path, reader.name.epoch)) {
      const wait = this.#syncedAt + SYNC_SPACING_MS - this.#runtime.now()
      // The clock may have been set back.
      if (wait > 0) await sleep(this.#runtime, Math.min(wait, SYNC_SPACING_MS))
      this.#syncedAt = this.#runtime.now()
      await reader.sync()
    } else if (!chunk.more || (await reader.read(frame.end)).frames.length === 0) {
      // A later writer decides whether this frame counts: nothing proves that it was acknowledged before that writer came.
      return this.#relocate()
    }
    this.#finalEnd = frame.end
    return true
  }

  /** Reads on in the segment. False when there is no whole frame (yet). */
  async #readMore({ seal }: Link): Promise<boolean> {
    const reader = this.#reader as SegmentReader
    this.#log.assertInPlace(reader.name, reader.fileIdentity, this.#offset)
    const ahead = this.#ahead.take(placeOf(this.#offset, seal))
    const chunk = await (ahead ?? reader.read(this.#offset, seal, this.#chunkBytes))
    this.#chunk = chunk
    this.#chunkIndex = 0
    const { frames, end, more, size } = chunk
    if (frames.length === 0) {
      if (seal !== undefined)
        throw corrupt(
          this.#place(this.#offset),
          `the frame that should begin here is damaged or missing, though the segment counts up to offset ${seal}`,
        )
      // A frame that is being written looks damaged. Only when it still does at the next look may it be damaged.
      if (size > end && this.#suspect === this.#offset) await reader.assertNotDamaged(this.#offset)
      this.#suspect = this.#offset
      return false
    }
    let next = end
    if (seal === undefined) {
      const last = frames[frames.length - 1] as FrameHeader
      this.#finalEnd = Math.max(this.#finalEnd, last.start)
      if (more && frames.length > 1) {
        // Read again with what follows it, the last one needs no sync.
        this.#chunk = { ...chunk, frames: frames.slice(0, -1) }
        next = last.start
      }
    }
    // The disk reads the next chunk while the present one is decoded.
    if (more) this.#ahead.begin(placeOf(next, seal), reader.read(next, seal, this.#chunkBytes))
    return true
  }

  /** At the end of an open segment. */
  async #followSuccessor(link: Link): Promise<boolean> {
    if (!this.#log.mayHaveSuccessor(link, this.#lastFrameId, this.#segmentNextId)) return false
    return this.#relocate()
  }

  /** Looks at the folder again. False when nothing has changed for the present segment. */
  async #relocate(): Promise<boolean> {
    const before = this.#link as Link
    this.#links = await this.#log.links()
    const same = this.#links.find(({ name }) => name.file === before.name.file)
    if (same === undefined) return this.#locateBehind(this.#links)
    this.#chunk = undefined
    this.#link = same
    if (same.seal === undefined) return false
    return true
  }

  /** Behind the end of a sealed segment. False when what seals it is not final yet. */
  async #advance(link: Link): Promise<boolean> {
    const indexOf = () => this.#links.findIndex(({ name }) => name.file === link.name.file)
    if (this.#links[indexOf() + 1] === undefined) this.#links = await this.#log.links()
    const at = indexOf()
    if (at < 0) return this.#locateBehind(this.#links)
    const next = this.#links[at + 1]
    if (next === undefined) return false
    // A reader that began at the seal has read nothing of this segment, and knows only which id it wants next.
    if (next.name.firstId > (this.#segmentNextId || this.nextId))
      throw corrupt(
        this.#place(this.#offset),
        `the next segment begins with record ${next.name.firstId}, not ${this.#segmentNextId}`,
      )
    return this.#openLink(next)
  }

  /** Goes on where the log goes on now: the present segment is no longer part of it. */
  #locateBehind(links: readonly Link[]): Promise<boolean> {
    const { name } = this.#link as Link
    const [first] = links
    const isTruncated = first === undefined || first.name.firstId > name.firstId
    if (!isTruncated && !this.#mayBeRewritten(name, links))
      throw this.#putBack(`${this.#reader?.path} is gone, though the log begins before it`)
    return this.#locate(links)
  }

  /**
   * Whether the segment may have been left out of the log: a successor does so with one batch, which it writes again, and so
   * does the segment's own writer after it was not told that the batch is durable.
   */
  #mayBeRewritten({ epoch, firstId, ordinal }: SegmentName, links: readonly Link[]): boolean {
    if (this.#lastFrameId > firstId) return false
    const again = links.some(
      ({ name }) => name.firstId === firstId && name.epoch === epoch && name.ordinal > ordinal,
    )
    return again || isSuperseded(this.#log.files, this.#log.path, epoch)
  }

  #putBack(what: string): WalError {
    this.#log.forget()
    const why = 'the folder was put back to an older state while it was open. It is read again.'
    return new WalError('WAL_UNAVAILABLE', `${what}: ${why}`)
  }

  async #locate(links?: readonly Link[]): Promise<boolean> {
    this.#links = links ?? (await this.#log.links())
    const first = this.#links[0]
    if (first === undefined) return false
    checkKept(messageIds, this.nextId, first.name.firstId)
    let at = this.#links.length - 1
    const from = Math.max(first.name.firstId, this.#rereadFrom)
    while ((this.#links[at] as Link).name.firstId > from) at--
    return this.#openLink(this.#links[at] as Link)
  }

  /** Reading begins with the last frame that was given out, to see that it is still there. */
  get #rereadFrom(): number {
    return this.#given?.firstId ?? this.nextId
  }

  async #openLink(link: Link): Promise<boolean> {
    await this.close()
    try {
      this.#reader = await this.#log.openSegment(link.name)
    } catch (error) {
      // The segment was truncated meanwhile, or is lost: a look at the folder says which.
      if (isMissing(error)) return this.#stillThere(link.name)
      throw error
    }
    this.#link = link
    this.#chunk = undefined
    this.#finalEnd = 0
    this.#suspect = -1
    this.#offset = this.#log.index.nearest(link.name, this.#rereadFrom) ?? SEGMENT_HEADER_BYTES
    this.#segmentNextId = this.#offset === SEGMENT_HEADER_BYTES ? link.name.firstId : 0
    this.#lastFrameId = link.name.firstId
    return true
  }

  async #stillThere(name: SegmentName): Promise<boolean> {
    const links = await this.#log.links()
    if (links.some(({ name: { file } }) => file === name.file))
      throw corrupt(name.file, 'the file is missing, and records that were not truncated with it')
    return this.#locate(links)
  }

  #place(offset: number): string {
    return `${this.#reader?.path}, offset ${offset}`
  }
}

/** Where a chunk begins, and how far its segment counts: the seal may come while it is read ahead. */
function placeOf(offset: number, seal: number | undefined): string {
  return `${offset} of ${seal}`
}
