import type { Socket } from 'node:net'
import type { Direction, Fault } from './fault.js'
import { countHit, type ProxyCounters } from './fault-counters.js'
import { PacedPipe } from './paced-pipe.js'

export interface ConnectionContext {
  readonly counters: ProxyCounters
  readonly random: () => number
  /** Called at each chunk of a request. Answers the fault that chance brings to this connection now, if any. */
  readonly chance: () => Fault | undefined
}

/** A client's connection to the proxy, the proxy's connection to the server, and the faults injected between them. */
export class ProxiedConnection {
  readonly #client: Socket
  readonly #server: Socket
  readonly #context: ConnectionContext
  readonly #toServer: PacedPipe
  readonly #toClient: PacedPipe
  /** Each connection counts down the remaining bytes of the fault by itself, so it has its own copy. */
  readonly #faults: { readonly fault: Fault; bytesLeft: number; hit: boolean }[] = []
  #unansweredBytes = 0
  /** The last allowed bytes are being sent. The connection is reset after them. */
  #isEnding = false

  constructor(client: Socket, server: Socket, context: ConnectionContext) {
    this.#client = client
    this.#server = server
    this.#context = context
    this.#toServer = new PacedPipe(client, server)
    this.#toClient = new PacedPipe(server, client)
    client.on('data', (chunk) => this.#request(chunk))
    server.on('data', (chunk) => this.#reply(chunk))
    client.on('end', () => this.#toServer.end())
    server.on('end', () => !this.#isHalfOpen && this.#toClient.end())
    // The error itself does not matter: the socket closes, and the other end has to learn that.
    client.on('error', () => {})
    server.on('error', () => {})
    client.on('close', () => this.#closed(server, this.#toClient))
    server.on('close', () => this.#closed(client, this.#toServer))
  }

  inject(fault: Fault): void {
    const bytesLeft = 'bytes' in fault ? fault.bytes : 0
    this.#faults.push({ fault, bytesLeft, hit: false })
    if (fault.kind === 'black-hole') {
      this.#strike(fault)
      this.#hold(true)
    }
    if (fault.kind === 'half-open') {
      this.#strike(fault)
      this.#server.resetAndDestroy()
    }
    if (fault.kind === 'reset-after' && fault.bytes === 0) this.#reset(fault)
  }

  heal(): void {
    const wasHalfOpen = this.#isHalfOpen
    this.#faults.length = 0
    this.#hold(false)
    if (wasHalfOpen) this.#client.resetAndDestroy()
  }

  destroy(): void {
    this.#client.resetAndDestroy()
    this.#server.resetAndDestroy()
  }

  #request(chunk: Buffer): void {
    this.#context.counters.bytesToServer += chunk.length
    this.#unansweredBytes += chunk.length
    if (this.#isHalfOpen || this.#isEnding) return
    const struck = this.#context.chance()
    if (struck !== undefined) this.inject(struck)
    if (!this.#client.destroyed) this.#pass('to-server', chunk)
  }

  #reply(chunk: Buffer): void {
    if (this.#isEnding) return
    const cut = this.#faults.find(({ fault }) => fault.kind === 'cut-reply')
    // Only a reply to a request that came after the injection is cut. Data that the server pushes without a request is passed
    // on.
    if (cut !== undefined && this.#unansweredBytes > 0) {
      this.#reset(cut.fault)
      return
    }
    this.#context.counters.bytesToClient += chunk.length
    this.#pass('to-client', chunk)
    this.#unansweredBytes = 0
  }

  #pass(direction: Direction, received: Buffer): void {
    const chunk = this.#flipBytes(direction, received)
    const pipe = direction === 'to-server' ? this.#toServer : this.#toClient
    let delayMs = 0
    let lineMs = 0
    for (const entry of this.#faults) {
      const { fault } = entry
      if ('direction' in fault && fault.direction !== undefined && fault.direction !== direction) continue
      if (fault.kind === 'delay') delayMs += fault.ms + this.#context.random() * (fault.jitterMs ?? 0)
      if (fault.kind === 'bandwidth') lineMs = Math.max(lineMs, (chunk.length / fault.bytesPerSecond) * 1_000)
      if (fault.kind === 'delay' || fault.kind === 'bandwidth') {
        if (!entry.hit) this.#strike(fault)
        entry.hit = true
      }
      if (fault.kind === 'reset-after') {
        if (chunk.length >= entry.bytesLeft) {
          this.#resetBehind(direction, chunk, entry.bytesLeft, fault)
          return
        }
        entry.bytesLeft -= chunk.length
      }
    }
    pipe.push(chunk, delayMs, lineMs)
  }

  /** The chunk, with those bytes flipped at which a fault strikes. */
  #flipBytes(direction: Direction, chunk: Buffer): Buffer {
    let passed = chunk
    for (const entry of this.#faults) {
      const { fault } = entry
      if (fault.kind !== 'flipped-byte' || fault.direction !== direction || entry.hit) continue
      if (entry.bytesLeft < chunk.length) {
        if (passed === chunk) passed = Buffer.from(chunk)
        passed.writeUInt8(passed.readUInt8(entry.bytesLeft) ^ 0xff, entry.bytesLeft)
        this.#strike(fault)
        entry.hit = true
      }
      entry.bytesLeft -= chunk.length
    }
    return passed
  }

  /** Sends the bytes that are still allowed, and resets the connection when the operating system has accepted them. */
  #resetBehind(direction: Direction, chunk: Buffer, bytes: number, fault: Fault): void {
    const target = direction === 'to-server' ? this.#server : this.#client
    this.#isEnding = true
    target.write(chunk.subarray(0, bytes), () => this.#reset(fault))
  }

  #reset(fault: Fault): void {
    this.#strike(fault)
    this.destroy()
  }

  #strike(fault: Fault): void {
    countHit(this.#context.counters, fault.kind, this.#unansweredBytes)
  }

  #hold(held: boolean): void {
    this.#toServer.hold(held)
    this.#toClient.hold(held)
  }

  get #isHalfOpen(): boolean {
    return this.#faults.some(({ fault }) => fault.kind === 'half-open')
  }

  get #isHeld(): boolean {
    return this.#faults.some(({ fault }) => fault.kind === 'black-hole')
  }

  /** One end of the connection has closed. The other end is closed in the same way, unless a fault hides that. */
  #closed(other: Socket, towardsClosed: PacedPipe): void {
    towardsClosed.clear()
    if (other === this.#client && (this.#isHalfOpen || this.#isHeld)) return
    if (!other.destroyed && !other.writableEnded) other.resetAndDestroy()
  }
}
