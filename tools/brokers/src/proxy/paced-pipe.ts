import type { Socket } from 'node:net'

/**
 * One direction of a connection. Chunks leave in the order in which they came, each no earlier than its delay allows. While
 * more than `highWaterBytes` wait, nothing is read from the source, so that a slow receiver slows its sender down, as in a real
 * network.
 */
export class PacedPipe {
  readonly #source: Socket
  readonly #target: Socket
  readonly #queue: { readonly chunk: Buffer; readonly at: number }[] = []
  #waitingBytes = 0
  #timer: NodeJS.Timeout | undefined
  #held = false
  #ending = false
  /** The time at which the last chunk leaves. A later chunk may not leave earlier. */
  #lastAt = 0

  constructor(source: Socket, target: Socket) {
    this.#source = source
    this.#target = target
    target.on('drain', () => this.#updateFlow())
  }

  /**
   * Accepts a chunk. It leaves after `delayMs` at the earliest, and then blocks those behind it for `lineMs`, as on a line of
   * limited bandwidth.
   */
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

  /** Ends the target's stream after all waiting chunks have left. */
  end(): void {
    this.#ending = true
    this.#flush()
  }

  /**
   * Holds all chunks back, or lets them leave again. While they are held and the buffer is full, nothing is read from the
   * source.
   */
  hold(held: boolean): void {
    this.#held = held
    if (!held) this.#flush()
    this.#updateFlow()
  }

  /** Drops all waiting chunks. */
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
      // A timer has whole milliseconds, so all chunks that are due within the present one leave now.
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
