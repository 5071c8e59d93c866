export type Direction = 'to-server' | 'to-client'

/** What can happen to the connections through a `FaultProxy`. */
export type Fault =
  /** Every chunk arrives `ms` later, and up to `jitterMs` more, in order. In both directions unless one is named. */
  | {
      readonly kind: 'delay'
      readonly ms: number
      readonly jitterMs?: number
      readonly direction?: Direction
    }
  | { readonly kind: 'bandwidth'; readonly bytesPerSecond: number; readonly direction?: Direction }
  /** Lets that many more bytes of a connection through, then resets both its ends. */
  | { readonly kind: 'reset-after'; readonly bytes: number; readonly direction: Direction }
  /** Lets a request through, keeps its reply back and resets: the server did it, the client cannot know. */
  | { readonly kind: 'cut-reply' }
  /** Connections stay open and new ones are accepted, but nothing passes until `heal`. */
  | { readonly kind: 'black-hole' }
  /** The server's end is gone, the client's stays open and silent until `heal`, which resets it. */
  | { readonly kind: 'half-open' }

export type FaultKind = Fault['kind']

export const faultKinds = [
  'delay',
  'bandwidth',
  'reset-after',
  'cut-reply',
  'black-hole',
  'half-open',
] as const satisfies readonly FaultKind[]
