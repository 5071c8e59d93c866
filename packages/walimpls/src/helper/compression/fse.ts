import { BadCompression } from './bounded-output.js'

/** A decoding table of finite state entropy: what each state stands for, and how the next state is found. */
export interface FseTable {
  /** The number of states is 2 to this power. */
  readonly accuracyLog: number
  readonly symbols: Uint8Array
  /** The next state is `base` and as many bits as `bitCounts` says. */
  readonly bitCounts: Uint8Array
  readonly bases: Uint16Array
}

export interface FseLimits {
  readonly maxAccuracyLog: number
  readonly maxSymbol: number
}

/** The table of a stream in which one symbol stands everywhere. */
export function singleSymbolTable(symbol: number): FseTable {
  return {
    accuracyLog: 0,
    symbols: Uint8Array.of(symbol),
    bitCounts: Uint8Array.of(0),
    bases: Uint16Array.of(0),
  }
}

/** Makes a table of how often each symbol stands among the states; −1 is less than once. Together these are all states. */
export function fseTable(counts: readonly number[], accuracyLog: number): FseTable {
  const size = 1 << accuracyLog
  const symbols = new Uint8Array(size)
  const next = new Uint16Array(counts.length)
  let high = size
  counts.forEach((count, symbol) => {
    if (count === -1) symbols[--high] = symbol
    next[symbol] = Math.abs(count)
  })
  // The other symbols are spread over the rest by a step that reaches every place once.
  const step = (size >> 1) + (size >> 3) + 3
  let place = 0
  counts.forEach((count, symbol) => {
    for (let left = count; left > 0; left--) {
      symbols[place] = symbol
      do place = (place + step) & (size - 1)
      while (place >= high)
    }
  })
  const bitCounts = new Uint8Array(size)
  const bases = new Uint16Array(size)
  for (let state = 0; state < size; state++) {
    const symbol = symbols[state] as number
    const order = next[symbol] as number
    next[symbol] = order + 1
    const bits = accuracyLog - (31 - Math.clz32(order))
    bitCounts[state] = bits
    bases[state] = (order << bits) - size
  }
  return { accuracyLog, symbols, bitCounts, bases }
}

/** Reads the description of a table at `start`, which ends before `end`. Answers the table, and the place behind it. */
export function readFseTable(
  bytes: Buffer,
  { start, end }: { start: number; end: number },
  { maxAccuracyLog, maxSymbol }: FseLimits,
): { table: FseTable; next: number } {
  const bits = new ForwardBits(bytes, start, end)
  const accuracyLog = bits.read(4) + 5
  if (accuracyLog > maxAccuracyLog) throw new BadCompression('a table has too many states')
  const counts: number[] = []
  let left = 1 << accuracyLog
  while (left > 0) {
    // The highest count that is possible is `left`. The values that need one bit less are the lowest ones.
    const width = 32 - Math.clz32(left + 1)
    const short = (1 << width) - 1 - (left + 1)
    const half = (1 << (width - 1)) - 1
    let value = bits.read(width - 1)
    if (value >= short) {
      value += bits.read(1) << (width - 1)
      if (value > half) value -= short
    }
    const count = value - 1
    left -= Math.abs(count)
    counts.push(count)
    // Behind a count of zero stands how many more zeros follow; 3 means that another such number follows.
    for (let more = count === 0 ? 3 : 0; more === 3 && counts.length <= maxSymbol; ) {
      more = bits.read(2)
      for (let i = 0; i < more; i++) counts.push(0)
    }
    if (counts.length > maxSymbol + 1) throw new BadCompression('a table has too many symbols')
  }
  if (left < 0) throw new BadCompression('a table has too many states')
  return { table: fseTable(counts, accuracyLog), next: bits.next }
}

/** Bits that are read from the first one to the last, the lowest of a byte first. */
class ForwardBits {
  readonly #bytes: Buffer
  readonly #end: number
  #bit: number

  constructor(bytes: Buffer, start: number, end: number) {
    this.#bytes = bytes
    this.#end = 8 * end
    this.#bit = 8 * start
  }

  /** The first byte of which nothing was read. */
  get next(): number {
    return Math.ceil(this.#bit / 8)
  }

  /** At most 16 bits. */
  read(count: number): number {
    const bit = this.#bit
    this.#bit += count
    if (this.#bit > this.#end) throw new BadCompression('a table ends too early')
    const bytes = this.#bytes
    const at = bit >>> 3
    const word = (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16)
    return (word >>> (bit & 7)) & ((1 << count) - 1)
  }
}
