export type Direction = 'to-server' | 'to-client'

/** The faults that a `FaultProxy` can inject into connections. */
export type Fault =
  /**
   * Every chunk arrives `ms` late, plus a random part of `jitterMs`. The order of chunks is kept. Without `direction`, both
   * directions are delayed.
   */
  | {
      readonly kind: 'delay'
      readonly ms: number
      readonly jitterMs?: number
      readonly direction?: Direction
    }
  | { readonly kind: 'bandwidth'; readonly bytesPerSecond: number; readonly direction?: Direction }
  /** Lets this many more bytes of a connection through, then resets the connection at both ends. */
  | { readonly kind: 'reset-after'; readonly bytes: number; readonly direction: Direction }
  /**
   * Lets this many more bytes of a connection through, then flips the bits of the next byte. The connection goes on. Each
   * connection is damaged once for each time that the fault is injected.
   */
  | { readonly kind: 'flipped-byte'; readonly bytes: number; readonly direction: Direction }
  /**
   * Lets a request through, then holds back the reply and resets the connection: the server has executed the request, and the
   * client does not know.
   */
  | { readonly kind: 'cut-reply' }
  /** Connections stay open and new ones are accepted, but no data passes in either direction until `heal`. */
  | { readonly kind: 'black-hole' }
  /** Closes the connection to the server. The client's connection stays open without any data until `heal`, which resets it. */
  | { readonly kind: 'half-open' }

export type FaultKind = Fault['kind']

export const faultKinds = [
  'delay',
  'bandwidth',
  'reset-after',
  'flipped-byte',
  'cut-reply',
  'black-hole',
  'half-open',
] as const satisfies readonly FaultKind[]
