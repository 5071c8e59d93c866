import assert from 'node:assert/strict'

const BYTES = 24

/** A payload that holds its number, and in which a wrong byte can be found. */
export function numbered(number: number): Uint8Array {
  const payload = Buffer.alloc(BYTES, number % 251)
  payload.writeDoubleLE(number, 0)
  return payload
}

export function numberOf(payload: Uint8Array): number {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength)
  const number = bytes.length === BYTES ? bytes.readDoubleLE(0) : Number.NaN
  assert.ok(
    Number.isSafeInteger(number) && bytes.equals(numbered(number)),
    `no payload of ours: ${bytes.toString('hex')}`,
  )
  return number
}
