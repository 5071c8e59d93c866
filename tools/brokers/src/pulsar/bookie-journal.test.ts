import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { crc32c, journalIsCut } from './bookie-journal.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wal-journal-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

function sized(record: Buffer): Buffer {
  const size = Buffer.alloc(4)
  size.writeInt32BE(record.length)
  return Buffer.concat([size, record])
}

/** A record as a bookie writes it when it stores an entry. */
function entryOf(text: string): Buffer {
  const fields = Buffer.alloc(32)
  fields.writeBigInt64BE(22n, 0)
  fields.writeBigInt64BE(5n, 8)
  const digest = Buffer.alloc(4)
  digest.writeUInt32BE(crc32c([fields, Buffer.from(text)]))
  return sized(Buffer.concat([fields, digest, Buffer.from(text)]))
}

/** The record that makes a ledger known, which has no digest. */
function ledgerKey(): Buffer {
  const record = Buffer.alloc(24)
  record.writeBigInt64BE(22n, 0)
  record.writeBigInt64BE(-0x1000n, 8)
  return sized(record)
}

function padding(bytes: number): Buffer {
  const record = Buffer.alloc(8 + bytes)
  record.writeInt32BE(-0x100, 0)
  record.writeInt32BE(bytes, 4)
  return record
}

/** The room that a bookie has reserved in the file stands behind the records. */
function write(name: string, ...records: readonly Buffer[]): void {
  const header = Buffer.alloc(512)
  header.write('BKLG')
  header.writeInt32BE(6, 4)
  writeFileSync(join(folder, name), Buffer.concat([header, ...records, Buffer.alloc(4_096)]))
}

test('a journal that ends behind an entry, a padding or a record about a ledger is whole', () => {
  for (const last of [entryOf('order'), padding(100), ledgerKey()]) {
    write('1a.txn', ledgerKey(), entryOf('first'), last)
    expect(journalIsCut(folder)).toBe(false)
  }
})

test('a journal whose last entry is stored in part is cut, wherever that part ends', () => {
  const last = entryOf('order '.repeat(100))
  for (const bytes of [3, 4, 10, 20, 40, 300, last.length - 1]) {
    write('1a.txn', entryOf('first'), last.subarray(0, bytes))
    expect([bytes, journalIsCut(folder)]).toEqual([bytes, true])
  }
})

test('the newest file counts, and a folder without one is whole', () => {
  expect(journalIsCut(join(folder, 'missing'))).toBe(false)
  expect(journalIsCut(folder)).toBe(false)
  write('f.txn', entryOf('order').subarray(0, 20))
  write('1a.txn', entryOf('order'))
  expect(journalIsCut(folder)).toBe(false)
  write('2a.txn', entryOf('order').subarray(0, 20))
  expect(journalIsCut(folder)).toBe(true)
})

test('a file that is no journal of a known form is refused', () => {
  writeFileSync(join(folder, '1a.txn'), 'something else'.repeat(100))
  expect(() => journalIsCut(folder)).toThrow('1a.txn is no journal')
})
