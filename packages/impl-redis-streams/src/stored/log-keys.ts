/** What lies on the server for one channel. The braces make a hash tag: in a Cluster all of it is on one node. */
export interface LogKeys {
  /** The records, one entry each. */
  readonly stream: string
  /** A hash: who writes, the last id, where the log begins. See `docs/decisions/redis.md`. */
  readonly state: string
  /** The pub/sub channel that says that the log has grown. Scripts derive it from `stream`. */
  readonly wake: string
}

export function logKeys(prefix: string, channel: string): LogKeys {
  const stream = `${prefix}{${channel}}`
  return { stream, state: `${stream}:state`, wake: `${stream}:wake` }
}

/** A glob pattern for the streams of all channels. */
export function streamPattern(prefix: string): string {
  return `${prefix.replace(/[\\*?[\]^-]/g, '\\$&')}{*}`
}

/** The channel whose stream that key is; undefined for other keys. */
export function channelOf(prefix: string, key: string): string | undefined {
  return key.startsWith(`${prefix}{`) && key.endsWith('}') ? key.slice(prefix.length + 1, -1) : undefined
}
