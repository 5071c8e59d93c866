/** Bytes that are not what the protocol says. A connection over which they came is of no more use. */
export class MalformedFrame extends Error {
  override readonly name = 'MalformedFrame'
}
