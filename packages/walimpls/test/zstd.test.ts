import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { decompressInJavaScript, decompressZstd } from '../src/helper/compression/zstd.js'
import { CONTENTS } from './fixtures/zstd-frames.mjs'

/** Frames that zstd itself made; test/fixtures/zstd-frames.mjs says how. */
const FRAMES: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(new URL('./fixtures/zstd-frames.json', import.meta.url), 'utf8'),
)

describe.each(Object.entries(FRAMES))('a frame of %s', (name, base64) => {
  const frame = Buffer.from(base64, 'base64')
  const content = CONTENTS[name.split(',')[0] as keyof typeof CONTENTS]

  test('is decompressed in JavaScript, and as this Node does it', () => {
    expect(decompressInJavaScript(frame, content.length).equals(content)).toBe(true)
    expect(decompressZstd(frame, 1 << 20).equals(content)).toBe(true)
  })

  if (content.length > 0)
    test('is refused when it becomes more than the limit, or is cut off', () => {
      expect(() => decompressInJavaScript(frame, content.length - 1)).toThrow(/more than/)
      for (const cut of [1, 2, 5, frame.length >> 1])
        expect(() => decompressInJavaScript(frame.subarray(0, frame.length - cut), 1 << 20)).toThrow()
    })
})

test('a small block that says it repeats gigabytes is refused before it does', () => {
  // No literals, and 98,303 sequences of 65,539 bytes each, by tables with a single code.
  const block = Buffer.concat([
    Buffer.from([0, 0xff, 0xff, 0xff, 0x54, 0, 0, 52]),
    Buffer.alloc(400),
    Buffer.from([1]),
  ])
  const header = Buffer.from([((block.length << 3) | 5) & 255, block.length >> 5, 0])
  const frame = Buffer.concat([
    Buffer.from('28b52ffd0058 400000 6162636465666768'.replaceAll(' ', ''), 'hex'),
    header,
    block,
  ])
  expect(() => decompressInJavaScript(frame, 1 << 20)).toThrow(/a block becomes more than 131072 bytes/)
})
