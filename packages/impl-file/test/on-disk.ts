import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Runtime, type StoredMessage, systemRuntime, type WALImpls } from '@wal/walimpls'
import type { NumberId } from '@wal/walimpls/helper'
import { onTestFinished } from 'vitest'
import { fileBuilder } from '../src/builder.js'
import type { FileOpener } from '../src/opener.js'
import { batchOf } from './batches.js'

/** A folder on the real disk that is removed after the test. */
export function temporaryFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'wal-file-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** An opener that is closed after the test. Its segments are small, so that a test has many. */
export async function openerFor(
  path: string,
  runtime: Runtime = systemRuntime,
  segmentBytes = 4_096,
): Promise<FileOpener> {
  const opener = (await fileBuilder.build({ path, segmentBytes }, runtime)) as FileOpener
  onTestFinished(() => opener.close())
  return opener
}

/** Appends one batch after another, each of `size` records with the text `prefix` and their number. */
export async function fill(
  wal: WALImpls<NumberId>,
  batches: number,
  { size = 5, sequence = 0, prefix = 'record', padding = 100 } = {},
): Promise<NumberId[]> {
  const ids: NumberId[] = []
  for (let i = 0; i < batches; i++) {
    const first = sequence + i * size
    const texts = Array.from({ length: size }, (_, n) => `${prefix} ${first + n}`)
    ids.push(...(await wal.append(batchOf(first, texts, padding))))
  }
  return ids
}

/** All records up to the end of the log. */
export async function readAll(
  wal: Pick<WALImpls<NumberId>, 'read'>,
  start: 'oldest' | { from: NumberId } = 'oldest',
): Promise<StoredMessage<NumberId>[]> {
  const scanner = wal.read({ start, maxBytes: 3_000 })
  const found: StoredMessage<NumberId>[] = []
  try {
    for (;;) {
      const messages = await scanner.next()
      if (messages === undefined || messages.length === 0) return found
      found.push(...messages)
    }
  } finally {
    await scanner.close()
  }
}

export function idsOf(messages: readonly { readonly id: NumberId }[]): number[] {
  return messages.map(({ id }) => id.value)
}

export function range(first: number, last: number): number[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i)
}
