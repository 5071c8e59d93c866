import { closeSync, existsSync, openSync, readdirSync, readSync } from 'node:fs'
import { join } from 'node:path'

/** The oldest form of journals with a header of this size, and with padding. */
const oldestVersion = 5
/** Where the records of a journal file begin. */
const headerBytes = 512
/** The number in place of a size that says: what follows is a size, and so many bytes without meaning. */
const paddingMark = -0x100
/** A record begins with ledger, entry, last confirmed entry and length, of eight bytes each. */
const fieldBytes = 32
const digestBytes = 4

/**
 * Whether the last record of a bookie's newest journal file is cut: the bookie writes long records in pieces, and the process
 * was stopped between two pieces. A bookie that starts on a cut record takes it for whole, and its ledger never opens again,
 * since the entry's digest is wrong. `folder` is the bookie's, such as `bookkeeper/current`. The process must be stopped.
 */
export function journalIsCut(folder: string): boolean {
  const newest = existsSync(folder) ? newestJournal(readdirSync(folder)) : undefined
  return newest !== undefined && lastRecordIsCut(join(folder, newest))
}

/** Journal files are named by ascending hexadecimal numbers. */
function newestJournal(names: readonly string[]): string | undefined {
  return names
    .filter((name) => name.endsWith('.txn'))
    .sort((a, b) => Number.parseInt(a, 16) - Number.parseInt(b, 16))
    .at(-1)
}

function lastRecordIsCut(path: string): boolean {
  const file = openSync(path, 'r')
  try {
    const sizeAt = (at: number) => {
      const bytes = Buffer.alloc(4)
      return readSync(file, bytes, 0, 4, at) < 4 ? 0 : bytes.readInt32BE()
    }
    const header = Buffer.alloc(8)
    // A file that was only just made has no header yet, and no records.
    if (readSync(file, header, 0, 8, 0) < 8 || header.readInt32BE() === 0) return false
    if (header.toString('latin1', 0, 4) !== 'BKLG' || header.readInt32BE(4) < oldestVersion)
      throw new Error(`${path} is no journal of a bookie in a form that this tool knows.`)
    let last = { at: 0, size: 0 }
    let at = headerBytes
    // The file is longer than its records, and what is behind them is zero.
    for (let size = sizeAt(at); size !== 0; size = sizeAt(at)) {
      if (size === paddingMark) {
        at += 8 + sizeAt(at + 4)
      } else {
        if (size < 0) return true
        last = { at: at + 4, size }
        at += 4 + size
      }
    }
    if (last.size === 0) return false
    const record = Buffer.alloc(last.size)
    return readSync(file, record, 0, last.size, last.at) < last.size || entryIsCut(record)
  } finally {
    closeSync(file)
  }
}

function entryIsCut(record: Buffer): boolean {
  if (record.length < 16) return true
  // Records about a ledger itself have negative numbers in place of an entry's, and no digest.
  if (record.readBigInt64BE(8) < 0n) return false
  if (record.length < fieldBytes + digestBytes) return true
  const checked = [record.subarray(0, fieldBytes), record.subarray(fieldBytes + digestBytes)]
  return record.readUInt32BE(fieldBytes) !== crc32c(checked)
}

/** The check sum that Pulsar's bookies use. */
export function crc32c(chunks: readonly Buffer[]): number {
  let crc = 0xffffffff
  for (const chunk of chunks)
    for (const byte of chunk) {
      crc ^= byte
      for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0)
    }
  return (crc ^ 0xffffffff) >>> 0
}
