import { BadCompression } from './bounded-output.js'
import { readFseTable } from './fse.js'
import { ReverseBits } from './reverse-bits.js'

/** A decoding table: which symbol the next bits begin with, and how many of them it takes. */
export interface HuffmanTable {
  readonly maxBits: number
  readonly symbols: Uint8Array
  readonly bitCounts: Uint8Array
}

const MAX_BITS = 11
const MAX_SYMBOLS = 256
/** Weights are encoded by tables of this size. */
const WEIGHT_LIMITS = { maxAccuracyLog: 6, maxSymbol: MAX_BITS + 1 }

/** Reads the description of a table at `start`, which ends before `end`. Answers the table, and the place behind it. */
export function readHuffmanTable(
  bytes: Buffer,
  start: number,
  end: number,
): { table: HuffmanTable; next: number } {
  if (start >= end) throw new BadCompression('a table ends too early')
  const header = bytes[start] as number
  const direct = header >= 128
  const count = direct ? header - 127 : 0
  const next = start + 1 + (direct ? (count + 1) >> 1 : header)
  if (next > end) throw new BadCompression('a table ends too early')
  const weights = direct ? directWeights(bytes, start + 1, count) : encodedWeights(bytes, start + 1, next)
  return { table: huffmanTable(weights), next }
}

/** Two weights in each byte. */
function directWeights(bytes: Buffer, start: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => {
    const byte = bytes[start + (i >> 1)] as number
    return i % 2 === 0 ? byte >> 4 : byte & 15
  })
}

/** Weights by two states that take turns. The stream ends when one of them would need bits that are not there. */
function encodedWeights(bytes: Buffer, start: number, end: number): number[] {
  const { table, next } = readFseTable(bytes, { start, end }, WEIGHT_LIMITS)
  const bits = new ReverseBits(bytes, next, end)
  const weights: number[] = []
  let state = bits.read(table.accuracyLog)
  let other = bits.read(table.accuracyLog)
  for (;;) {
    weights.push(table.symbols[state] as number)
    const needed = table.bitCounts[state] as number
    if (bits.left < needed) {
      weights.push(table.symbols[other] as number)
      return weights
    }
    const following = (table.bases[state] as number) + bits.read(needed)
    state = other
    other = following
    if (weights.length >= MAX_SYMBOLS) throw new BadCompression('a table has too many symbols')
  }
}

/** The weight of the last symbol is not stored: it fills the table up. */
function huffmanTable(weights: readonly number[]): HuffmanTable {
  let sum = 0
  for (const weight of weights) {
    if (weight > MAX_BITS) throw new BadCompression('a table has too long codes')
    if (weight > 0) sum += 1 << (weight - 1)
  }
  const maxBits = 32 - Math.clz32(sum)
  const rest = (1 << maxBits) - sum
  if (sum === 0 || maxBits > MAX_BITS || (rest & (rest - 1)) !== 0 || weights.length >= MAX_SYMBOLS)
    throw new BadCompression('a table is not a whole one')
  const all = [...weights, 32 - Math.clz32(rest)]
  const symbols = new Uint8Array(1 << maxBits)
  const bitCounts = new Uint8Array(1 << maxBits)
  // Symbols of the lowest weight have the longest codes, and stand first.
  let place = 0
  for (let weight = 1; weight <= maxBits; weight++)
    all.forEach((each, symbol) => {
      if (each !== weight) return
      const length = 1 << (weight - 1)
      symbols.fill(symbol, place, place + length)
      bitCounts.fill(maxBits + 1 - weight, place, place + length)
      place += length
    })
  return { maxBits, symbols, bitCounts }
}

/** Decodes a stream into all of `output`. Throws `BadCompression` unless the stream has just so many symbols. */
export function decodeHuffman(
  bits: ReverseBits,
  { maxBits, symbols, bitCounts }: HuffmanTable,
  output: Uint8Array,
): void {
  for (let i = 0; i < output.length; i++) {
    const code = bits.peek(maxBits)
    output[i] = symbols[code] as number
    bits.skip(bitCounts[code] as number)
  }
  bits.finish()
}
