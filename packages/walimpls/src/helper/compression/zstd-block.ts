import { BadCompression, type BoundedOutput } from './bounded-output.js'
import { type FseTable, fseTable, readFseTable, singleSymbolTable } from './fse.js'
import { decodeHuffman, type HuffmanTable, readHuffmanTable } from './huffman.js'
import { ReverseBits } from './reverse-bits.js'

/** The most bytes that one block becomes. */
export const LARGEST_BLOCK = 128 * 1024

/** How the lengths and distances of one kind are encoded: as codes, each a smallest value and so many bits to be added. */
interface Codes {
  readonly bases: readonly number[]
  readonly bits: readonly number[]
  readonly limits: { readonly maxAccuracyLog: number; readonly maxSymbol: number }
  /** The table that is used when a block has none of its own. */
  readonly usual: FseTable
}

const repeated = (value: number, count: number): number[] => new Array<number>(count).fill(value)

/** Each code begins where the one before it ends. */
function codesOf(first: number, bits: readonly number[], usual: FseTable): Codes {
  const bases: number[] = []
  let base = first
  for (const count of bits) {
    bases.push(base)
    base += 2 ** count
  }
  return { bases, bits, limits: { maxAccuracyLog: 9, maxSymbol: bits.length - 1 }, usual }
}

// All numbers are those of RFC 8878, sections 3.1.1.3.2.1.1 and 3.1.1.3.2.2.
const LITERAL_LENGTHS = codesOf(
  0,
  [...repeated(0, 16), 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
  fseTable(
    [4, 3, ...repeated(2, 11), 1, 1, 1, ...repeated(2, 9), 3, 2, ...repeated(1, 5), ...repeated(-1, 4)],
    6,
  ),
)
const MATCH_LENGTHS = codesOf(
  3,
  [...repeated(0, 32), 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
  fseTable([1, 4, 3, ...repeated(2, 6), ...repeated(1, 37), ...repeated(-1, 7)], 6),
)
const DISTANCES: Codes = {
  ...codesOf(
    1,
    Array.from({ length: 32 }, (_, code) => code),
    fseTable([...repeated(1, 6), 2, 2, 2, ...repeated(1, 15), ...repeated(-1, 5)], 5),
  ),
  limits: { maxAccuracyLog: 8, maxSymbol: 31 },
}

/** Kinds of literals, and of tables. */
const PLAIN = 0
const ONE_BYTE = 1
const WITH_TABLE = 2

/** Lengths or distances of one kind, one after another. */
class CodeStream {
  readonly #codes: Codes
  readonly #table: FseTable
  #state: number

  /** Reads the first state. The streams of a block are made in the order in which their first states stand there. */
  constructor(codes: Codes, table: FseTable, bits: ReverseBits) {
    this.#codes = codes
    this.#table = table
    this.#state = bits.read(table.accuracyLog)
  }

  /** The value of this state, with the bits that are added to it. */
  value(bits: ReverseBits): number {
    const code = this.#table.symbols[this.#state] as number
    return (this.#codes.bases[code] as number) + bits.read(this.#codes.bits[code] as number)
  }

  next(bits: ReverseBits): void {
    const { bases, bitCounts } = this.#table
    this.#state = (bases[this.#state] as number) + bits.read(bitCounts[this.#state] as number)
  }
}

interface Sequences {
  readonly bits: ReverseBits
  readonly literalLengths: CodeStream
  readonly distances: CodeStream
  readonly matchLengths: CodeStream
}

/** Decodes the compressed blocks of one frame, in order: a block may use tables and distances of those before it. */
export class ZstdBlocks {
  readonly #to: BoundedOutput
  /** Where the frame begins in the output. */
  readonly #floor: number
  #huffman: HuffmanTable | undefined
  /** The table that was used last for each kind of lengths and distances. */
  readonly #tables = new Map<Codes, FseTable>()
  /** The last three distances, the latest first. */
  #recent: [number, number, number] = [1, 4, 8]

  constructor(to: BoundedOutput) {
    this.#to = to
    this.#floor = to.length
  }

  /** Decodes a compressed block. Throws `BadCompression`. */
  decode(block: Buffer): void {
    const { literals, next } = this.#readLiterals(block)
    this.#runSequences(block, next, literals)
  }

  #readLiterals(block: Buffer): { literals: Uint8Array; next: number } {
    const first = byteAt(block, 0)
    const kind = first & 3
    const format = (first >> 2) & 3
    if (kind > ONE_BYTE) return this.#readHuffmanLiterals(block, kind, format)
    const headerBytes = format === 1 ? 2 : format === 3 ? 3 : 1
    const header = littleEndian(block, 0, headerBytes)
    const size = header >>> (headerBytes === 1 ? 3 : 4)
    if (size > LARGEST_BLOCK) throw tooLong()
    if (kind === ONE_BYTE)
      return { literals: new Uint8Array(size).fill(byteAt(block, headerBytes)), next: headerBytes + 1 }
    const next = headerBytes + size
    if (next > block.length) throw new BadCompression('a block ends too early')
    return { literals: block.subarray(headerBytes, next), next }
  }

  #readHuffmanLiterals(block: Buffer, kind: number, format: number): { literals: Uint8Array; next: number } {
    const headerBytes = format < 2 ? 3 : format + 2
    const sizeRange = 2 ** ([10, 10, 14, 18][format] as number)
    const sizes = Math.floor(littleEndian(block, 0, headerBytes) / 16)
    const literals = new Uint8Array(checkSize(sizes % sizeRange))
    const end = headerBytes + Math.floor(sizes / sizeRange)
    if (end > block.length) throw new BadCompression('a block ends too early')
    let start = headerBytes
    if (kind === WITH_TABLE) {
      const { table, next } = readHuffmanTable(block, start, end)
      this.#huffman = table
      start = next
    }
    if (this.#huffman === undefined) throw new BadCompression('a block uses a table that is not there')
    if (format === 0) decodeHuffman(new ReverseBits(block, start, end), this.#huffman, literals)
    else readFourStreams(block, { start, end, literals }, this.#huffman)
    return { literals, next: end }
  }

  /** Copies literals and repeats earlier output by turns, as the sequences from `start` on say. */
  #runSequences(block: Buffer, start: number, literals: Uint8Array): void {
    const to = this.#to
    const blockStart = to.length
    const { count, next } = readSequenceCount(block, start)
    let used = 0
    if (count > 0) {
      const { bits, literalLengths, distances, matchLengths } = this.#openSequences(block, next)
      for (let left = count; left > 0; left--) {
        const distanceValue = distances.value(bits)
        const matchLength = matchLengths.value(bits)
        const literalLength = literalLengths.value(bits)
        if (to.length - blockStart + literalLength + matchLength > LARGEST_BLOCK) throw tooLong()
        to.literals(literals, used, literalLength)
        used += literalLength
        to.repeat(this.#distanceOf(distanceValue, literalLength), matchLength, this.#floor)
        if (left === 1) break
        literalLengths.next(bits)
        matchLengths.next(bits)
        distances.next(bits)
      }
      bits.finish()
    } else if (next !== block.length) throw new BadCompression('bytes follow the end of a block')
    if (to.length - blockStart + literals.length - used > LARGEST_BLOCK) throw tooLong()
    to.literals(literals, used, literals.length - used)
  }

  /** Reads which tables the sequences use, and where their bits begin. */
  #openSequences(block: Buffer, start: number): Sequences {
    const kinds = byteAt(block, start)
    if ((kinds & 3) !== 0) throw new BadCompression('a block is of no known kind')
    const place = { at: start + 1 }
    const tableOf = (codes: Codes, shift: number) => {
      const table = readTable(block, place, {
        codes,
        kind: (kinds >> shift) & 3,
        before: this.#tables.get(codes),
      })
      this.#tables.set(codes, table)
      return table
    }
    const lengthTable = tableOf(LITERAL_LENGTHS, 6)
    const distanceTable = tableOf(DISTANCES, 4)
    const matchTable = tableOf(MATCH_LENGTHS, 2)
    const bits = new ReverseBits(block, place.at, block.length)
    return {
      bits,
      literalLengths: new CodeStream(LITERAL_LENGTHS, lengthTable, bits),
      distances: new CodeStream(DISTANCES, distanceTable, bits),
      matchLengths: new CodeStream(MATCH_LENGTHS, matchTable, bits),
    }
  }

  /** Values from 1 to 3 stand for recent distances, or, behind no literals, for those but the latest, and one less than it. */
  #distanceOf(value: number, literalLength: number): number {
    const [first, second, third] = this.#recent
    if (value > 3) {
      this.#recent = [value - 3, first, second]
      return value - 3
    }
    const place = value - (literalLength > 0 ? 1 : 0)
    if (place === 0) return first
    if (place === 1) this.#recent = [second, first, third]
    else this.#recent = [place === 2 ? third : first - 1, first, second]
    return this.#recent[0]
  }
}

/** Four streams, of which the first three have a quarter of the literals each, rounded up. */
function readFourStreams(
  block: Buffer,
  { start, end, literals }: { start: number; end: number; literals: Uint8Array },
  table: HuffmanTable,
): void {
  if (start + 6 > end) throw new BadCompression('a block ends too early')
  const quarter = (literals.length + 3) >> 2
  if (3 * quarter > literals.length) throw new BadCompression('a block has too few literals')
  let at = start + 6
  for (let i = 0; i < 4; i++) {
    const stop = i < 3 ? at + block.readUInt16LE(start + 2 * i) : end
    if (stop > end) throw new BadCompression('a block ends too early')
    const part = literals.subarray(i * quarter, i < 3 ? (i + 1) * quarter : literals.length)
    decodeHuffman(new ReverseBits(block, at, stop), table, part)
    at = stop
  }
}

function readSequenceCount(block: Buffer, start: number): { count: number; next: number } {
  const first = byteAt(block, start)
  if (first < 128) return { count: first, next: start + 1 }
  if (first < 255) return { count: ((first - 128) << 8) + byteAt(block, start + 1), next: start + 2 }
  return { count: littleEndian(block, start + 1, 2) + 0x7f00, next: start + 3 }
}

interface TableChoice {
  readonly codes: Codes
  readonly kind: number
  /** The table that the block before used. */
  readonly before: FseTable | undefined
}

function readTable(block: Buffer, place: { at: number }, { codes, kind, before }: TableChoice): FseTable {
  if (kind === PLAIN) return codes.usual
  if (kind === ONE_BYTE) {
    const symbol = byteAt(block, place.at++)
    if (symbol > codes.limits.maxSymbol) throw new BadCompression('a table has too many symbols')
    return singleSymbolTable(symbol)
  }
  if (kind === WITH_TABLE) {
    const { table, next } = readFseTable(block, { start: place.at, end: block.length }, codes.limits)
    place.at = next
    return table
  }
  if (before === undefined) throw new BadCompression('a block uses a table that is not there')
  return before
}

function checkSize(size: number): number {
  if (size > LARGEST_BLOCK) throw tooLong()
  return size
}

function tooLong(): BadCompression {
  return new BadCompression(`a block becomes more than ${LARGEST_BLOCK} bytes`)
}

function byteAt(block: Buffer, at: number): number {
  const byte = block[at]
  if (byte === undefined) throw new BadCompression('a block ends too early')
  return byte
}

function littleEndian(block: Buffer, at: number, count: number): number {
  if (at + count > block.length) throw new BadCompression('a block ends too early')
  return block.readUIntLE(at, count)
}
