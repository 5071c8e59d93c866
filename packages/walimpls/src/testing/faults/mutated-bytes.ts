/** Values that lengths, counts and offsets break at. */
const ODD_BYTES = [0, 1, 2, 63, 64, 127, 128, 255]

/**
 * A copy of the bytes with one to four changes: bits, whole bytes, numbers of four bytes, parts that are taken out, doubled or
 * cut off. `random` is such as `seededRandom` makes: a decoder that fails on a copy fails again with the same seed.
 */
export function mutatedBytes(bytes: Buffer, random: () => number): Buffer {
  const below = (limit: number) => Math.floor(random() * limit)
  let result: Buffer = Buffer.from(bytes)
  for (let left = 1 + below(4); left > 0 && result.length > 0; left--) {
    const at = below(result.length)
    const end = Math.min(result.length, at + 1 + below(16))
    switch (below(6)) {
      case 0:
        result[at] = (result[at] as number) ^ (1 << below(8))
        break
      case 1:
        result[at] = ODD_BYTES[below(ODD_BYTES.length)] as number
        break
      case 2:
        if (at + 4 <= result.length)
          result.writeInt32BE(Math.floor((random() - 0.5) * 2 ** (1 + below(32))), at)
        break
      case 3:
        result = Buffer.concat([result.subarray(0, at), result.subarray(end)])
        break
      case 4:
        result = Buffer.concat([result.subarray(0, end), result.subarray(at)])
        break
      default:
        result = result.subarray(0, result.length - below(Math.min(8, result.length)))
    }
  }
  return result
}
