const SECTOR = 512

/** The bytes of one file: as processes read them, and as they would be after a power loss. */
export class SimulatedFile {
  stable: Buffer
  /** Bytes that a failed sync has dropped. As on Linux, the cache still shows them, and no later sync writes them. */
  dropped: { readonly from: number; readonly to: number }[] = []
  /** Rises with every failed sync. A process that had the file open is told once; one that opens the file later is never told. */
  errors = 0

  /** The bytes that a sync has made durable. */
  constructor(public visible: Buffer) {
    this.stable = Buffer.from(visible)
  }

  show(bytes: Buffer, position: number): void {
    const end = position + bytes.length
    this.visible = resized(this.visible, Math.max(this.visible.length, end))
    bytes.copy(this.visible, position)
    // A sector that is written once more will be written by the next sync.
    this.dropped = this.dropped.flatMap(({ from, to }) =>
      [
        { from, to: Math.min(to, position) },
        { from: Math.max(from, end), to },
      ].filter((range) => range.from < range.to),
    )
  }

  makeStable(from: number, to: number): void {
    this.stable = resized(this.stable, Math.max(this.stable.length, to))
    for (let at = from; at < to; at++)
      if (!this.dropped.some((range) => at >= range.from && at < range.to))
        this.stable[at] = this.visible[at] as number
  }

  resize(size: number): void {
    this.visible = resized(this.visible, size)
  }

  /** Keeps, loses or garbles each sector that was not synced. Returns the number of these sectors. */
  losePower(random: () => number): number {
    const size = random() < 0.5 ? this.visible.length : this.stable.length
    const after = Buffer.alloc(size)
    let torn = 0
    for (let at = 0; at < size; at += SECTOR) {
      const end = Math.min(at + SECTOR, size)
      const visible = this.visible.subarray(at, end)
      const stable = this.stable.subarray(at, end)
      const isDropped = this.dropped.some(({ from, to }) => from < end && to > at)
      if (visible.equals(stable)) visible.copy(after, at)
      else {
        torn++
        const fate = random()
        if (fate < 0.4 && !isDropped) visible.copy(after, at)
        else if (fate < 0.8 || stable.length > 0) stable.copy(after, at)
        else for (let i = at; i < end; i++) after[i] = Math.floor(random() * 256)
      }
    }
    this.visible = after
    this.stable = Buffer.from(after)
    this.dropped = []
    return torn
  }
}

function resized(bytes: Buffer, size: number): Buffer {
  if (bytes.length >= size) return bytes.subarray(0, size)
  const larger = Buffer.alloc(size)
  bytes.copy(larger)
  return larger
}
