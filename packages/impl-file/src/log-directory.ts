import { corrupt, type FileSystem, WalError } from '@wal/walimpls'
import { isSuperseded } from './epoch.js'
import { isMissing } from './error-mapping.js'
import { type Listing, nextOrdinal, parseListing, type SegmentName, segmentPath } from './layout.js'
import { SEGMENT_HEADER_BYTES, type SegmentHeader } from './segment-header.js'
import { SegmentIndex } from './segment-index.js'
import { SegmentReader } from './segment-reader.js'

/** A segment of the log. */
export interface Link {
  readonly name: SegmentName
  /** The byte at which a later segment seals it: all below is durable and final. Undefined: it may still grow. */
  readonly seal: number | undefined
}

/**
 * What a channel's folder says about its log. A segment *counts* once its header and its first batch are whole. The log
 * is the chain of segments that begins at the counting one of the highest epoch and ordinal and follows the headers
 * back; counting segments beside the chain are void, left by writers that were superseded.
 */
export class LogDirectory {
  readonly index = new SegmentIndex()
  /** Headers of segments that count: such a header never changes. */
  readonly #headers = new Map<string, SegmentHeader>()
  /** Segments that no later writer can leave out of the chain any more. */
  readonly #final = new Set<string>()
  /** The identity of the file, by its name, in which the above was found. */
  readonly #identities = new Map<string, string>()

  constructor(
    readonly files: FileSystem,
    readonly path: string,
  ) {}

  async listing(): Promise<Listing> {
    return parseListing(await this.files.list(this.path))
  }

  /** The newest segment that counts; undefined for a log without records. */
  async head({ segments }: Listing): Promise<SegmentHeader | undefined> {
    for (let i = segments.length - 1; i >= 0; i--) {
      const header = await this.#countingHeader(segments[i] as SegmentName)
      if (header !== undefined) return header
    }
    return undefined
  }

  /**
   * The part of the chain that is final, oldest first. What lies behind its end may be void or may be taken back by a
   * crash. The last link is open, unless the segment that seals it is not yet final itself.
   */
  async links(): Promise<readonly Link[]> {
    // A truncation may remove a file after it was listed and before it is read. The next listing is without that file.
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#finalPart(await this.#chain())
      } catch (error) {
        if (!isMissing(error) || attempt === 10) throw error
      }
    }
  }

  /**
   * Whether the last link may have a successor: asked at the end of it, often, so it must be cheap. A link whose file is gone
   * was truncated, and the segments behind it may be gone as well.
   */
  mayHaveSuccessor({ name }: Link, lastFrameId: number, nextId: number): boolean {
    if (isSuperseded(this.files, this.path, name.epoch)) return true
    if (!this.files.existsNow(segmentPath(this.path, name))) return true
    // The same writer's next segment begins behind the last batch, or with it if its sync had failed.
    return [nextId, lastFrameId].some((firstId) =>
      this.files.existsNow(segmentPath(this.path, nextOrdinal(name, firstId))),
    )
  }

  /** A segment that is read. Throws as `assertInPlace` does when another file has the name than the one known by it. */
  async openSegment(name: SegmentName): Promise<SegmentReader> {
    const reader = await SegmentReader.open(this.files, this.path, name)
    const known = this.#identities.get(name.file) ?? reader.fileIdentity
    try {
      this.assertInPlace(name, known, this.index.acknowledgedEnd(name))
    } catch (error) {
      await reader.close()
      throw error
    }
    return reader
  }

  /**
   * Throws `WAL_UNAVAILABLE` when another file lies where that one was, or when it is shorter than what was read of it: a
   * backup was restored under this process, say. All that was known of the folder is then forgotten, and who tries again
   * finds out whether its records are still there. A file that is gone was truncated, or its channel was deleted; others
   * notice that.
   */
  assertInPlace(name: SegmentName, identity: string | undefined, end: number): void {
    const path = segmentPath(this.path, name)
    const found = this.files.lookNow(path)
    if (found === undefined || (found.identity === identity && found.size >= end)) return
    this.forget()
    throw new WalError(
      'WAL_UNAVAILABLE',
      `${path} is another file than before, or was cut: the folder was put back to an older state while it was open. It is read again.`,
    )
  }

  /** The segment counts, and this is its file. (The name of a segment that does not count may be given to another file.) */
  know({ file }: SegmentName, identity: string | undefined): void {
    if (identity !== undefined) this.#identities.set(file, identity)
  }

  /** The files in which headers were found may have been replaced: everything is read again. */
  forget(): void {
    this.#headers.clear()
    this.#final.clear()
    this.#identities.clear()
    this.index.forgetAll()
  }

  async #chain(): Promise<Link[]> {
    const listing = await this.listing()
    const links: Link[] = []
    let header = await this.head(listing)
    if (header === undefined) return links
    const present = new Set(listing.segments.map(({ file }) => file))
    links.push({ name: header.name, seal: undefined })
    // A missing predecessor was truncated: segments are removed from the oldest on.
    while (header.previous !== undefined && present.has(header.previous.segment.file)) {
      const { segment, end } = header.previous
      links.push({ name: segment, seal: end })
      header = await this.#sealedHeader(segment)
    }
    return links.reverse()
  }

  async #finalPart(links: readonly Link[]): Promise<readonly Link[]> {
    let count = links.length
    while (count > 0 && !(await this.#isFinal(links, count - 1))) count--
    if (count === links.length || count === 0) return links.slice(0, count)
    const last = links[count - 1] as Link
    // Sealed by its own writer it is final up to the seal; another writer's seal is not, as long as that writer is not.
    const sealed = (links[count] as Link).name.epoch === last.name.epoch
    return [...links.slice(0, count - 1), sealed ? last : { name: last.name, seal: undefined }]
  }

  /**
   * A writer goes on only after it found itself not superseded: a second batch, or a further segment of the same epoch,
   * proves that every later writer found this segment. Without either proof: if no later epoch is taken yet, the writer
   * that takes one will find the segment, so it is final once it is durable, its name too.
   */
  async #isFinal(links: readonly Link[], at: number): Promise<boolean> {
    const { name } = links[at] as Link
    if (this.#final.has(name.file)) return true
    if (links[at + 1]?.name.epoch === name.epoch || (await this.#provenFinal(name))) {
      this.#final.add(name.file)
      return true
    }
    return false
  }

  #provenFinal(name: SegmentName): Promise<boolean> {
    return this.#reading(name, async (reader) => {
      const first = await reader.read(SEGMENT_HEADER_BYTES)
      if (first.frames.length > 1) return true
      if (first.more && (await reader.read(first.end)).frames.length > 0) return true
      if (isSuperseded(this.files, this.path, name.epoch)) return false
      await reader.sync()
      await this.files.syncDirectory(this.path)
      return true
    })
  }

  /** The header, if the segment counts. */
  async #countingHeader(name: SegmentName): Promise<SegmentHeader | undefined> {
    const known = this.#headers.get(name.file)
    if (known !== undefined) return known
    const header = await this.#reading(name, async (reader) => {
      const header = await reader.header()
      const { frames } = await reader.read(SEGMENT_HEADER_BYTES)
      if (frames.length === 0) {
        await reader.assertNotDamaged(SEGMENT_HEADER_BYTES)
        return undefined
      }
      this.know(name, reader.fileIdentity)
      // The header was written before the frame: if it was not there, it must be by now.
      return header ?? this.#intactHeader(reader)
    })
    if (header !== undefined) this.#headers.set(name.file, header)
    return header
  }

  /** The header of a segment that a later one names as its predecessor. */
  async #sealedHeader(name: SegmentName): Promise<SegmentHeader> {
    const known = this.#headers.get(name.file)
    if (known !== undefined) return known
    const header = await this.#reading(name, (reader) => {
      this.know(name, reader.fileIdentity)
      return this.#intactHeader(reader)
    })
    this.#headers.set(name.file, header)
    return header
  }

  async #intactHeader(reader: SegmentReader): Promise<SegmentHeader> {
    const header = await reader.header()
    if (header === undefined) throw corrupt(`${reader.path}, offset 0`, 'the segment header is damaged')
    return header
  }

  async #reading<T>(name: SegmentName, work: (reader: SegmentReader) => Promise<T>): Promise<T> {
    const reader = await this.openSegment(name)
    try {
      return await work(reader)
    } finally {
      await reader.close()
    }
  }
}
