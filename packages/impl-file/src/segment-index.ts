import type { FrameHeader } from './frame.js'
import type { SegmentName } from './layout.js'

interface Entry {
  readonly firstId: number
  readonly offset: number
}

/** One frame in each mebibyte is remembered: 64 in a segment of the default size. */
const SPACING_BYTES = 1024 * 1024

/** Remembers where some frames start, so that reading need not begin at the start of a segment. */
export class SegmentIndex {
  readonly #entries = new Map<string, Entry[]>()
  /** The last frame that the writer of this process has acknowledged: `last()` asks for it again and again. */
  #tip: (Entry & { readonly file: string; readonly end: number }) | undefined

  /** Notes a frame, which must be final. The mark of a clean close is not noted: it has no record for `last()` to find. */
  note(segment: SegmentName, frame: FrameHeader): void {
    if (frame.start < SPACING_BYTES || frame.count === 0) return
    let list = this.#entries.get(segment.file)
    if (list === undefined) {
      list = []
      this.#entries.set(segment.file, list)
    }
    if (frame.start >= (list.at(-1)?.offset ?? 0) + SPACING_BYTES)
      list.push({ firstId: frame.firstId, offset: frame.start })
  }

  noteAcknowledged(segment: SegmentName, frame: Entry & { readonly end: number }): void {
    this.#tip = { ...frame, file: segment.file }
  }

  /** Up to where this process knows the segment to be final. */
  acknowledgedEnd(segment: SegmentName): number {
    return this.#tip?.file === segment.file ? this.#tip.end : 0
  }

  /** Offset of the nearest remembered frame that begins at the record or before it. */
  nearest(segment: SegmentName, id: number): number | undefined {
    if (this.#tip?.file === segment.file && this.#tip.firstId <= id) return this.#tip.offset
    const list = this.#entries.get(segment.file) ?? []
    let low = 0
    let high = list.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((list[middle] as Entry).firstId <= id) low = middle + 1
      else high = middle
    }
    return list[low - 1]?.offset
  }

  /** The last remembered frame of the segment. */
  latest(segment: SegmentName): Entry | undefined {
    return this.#tip?.file === segment.file ? this.#tip : this.#entries.get(segment.file)?.at(-1)
  }

  forget(segment: SegmentName): void {
    this.#entries.delete(segment.file)
  }

  forgetAll(): void {
    this.#entries.clear()
    this.#tip = undefined
  }
}
