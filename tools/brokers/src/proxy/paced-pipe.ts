import type { Socket } from 'node:net'

/**
 * One direction of a connection. Chunks leave in the order in which they came, each no sooner than its time;
 * while more than `highWaterBytes` wait, the source is paused, so a slow way out slows its sender, as a network
 * does.
 */
export class PacedPipe {
  readonly #source: Socket
  readonly #target: Socket
  readonly #queue: { readonly chunk: Buffer; readonly at: number }[] = []
  #waitingBytes = 0
  #timer: NodeJS.Timeout | undefined
  #held = false
  #ending = false
  /** When the last chunk so far leaves: none may overtake it. */
  #lastAt = 0

  constructor(source: Socket, target: Socket) {
    this.#source = source
    this.#target = target
    target.on('drain', () => this.#updateFlow())
  }

  /** Takes a chunk that may leave after `delayMs`, and then occupies the line for `lineMs`. */
  push(chunk: Buffer, delayMs: number, lineMs: number): void {
    const now = performance.now()
    const at = Math.max(now + delayMs, this.#lastAt) + lineMs
    this.#lastAt = at
    if (!this.#held && this.#queue.length === 0 && at <= now) {
      this.#target.write(chunk)
    } else {
      this.#queue.push({ chunk, at })
      this.#waitingBytes += chunk.length
      this.#schedule()
    }
    this.#updateFlow()
  }

  /** Passes the end of the stream on, after what still waits. */
  end(): void {
    this.#ending = true
    this.#flush()
  }

  /** While held nothing leaves and, once the buffer is full, nothing is read. */
  hold(held: boolean): void {
    this.#held = held
    if (!held) this.#flush()
    this.#updateFlow()
  }

  /** Drops what waits. */
  clear(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#queue.length = 0
    this.#waitingBytes = 0
  }

  #schedule(): void {
    const next = this.#queue[0]
    if (this.#held || next === undefined || this.#timer !== undefined) return
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined
        this.#flush()
      },
      Math.max(0, next.at - performance.now()),
    )
  }

  #flush(): void {
    if (this.#held) return
    for (;;) {
      const next = this.#queue[0]
      // Timers have whole milliseconds; what is due within the same one goes now.
      if (next === undefined || next.at > performance.now() + 1) break
      this.#queue.shift()
      this.#waitingBytes -= next.chunk.length
      this.#target.write(next.chunk)
    }
    this.#updateFlow()
    if (this.#ending && this.#queue.length === 0) this.#target.end()
    else this.#schedule()
  }

  #updateFlow(): void {
    if (this.#waitingBytes > highWaterBytes || this.#target.writableNeedDrain) this.#source.pause()
    else this.#source.resume()
  }
}

const highWaterBytes = 64 * 1024
