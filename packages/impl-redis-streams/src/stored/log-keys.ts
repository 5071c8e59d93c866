/** The keys of one channel on the server. The braces in them are a hash tag: a Cluster keeps all of them on one node. */
export interface LogKeys {
  /** The stream with the records, one entry for each. */
  readonly stream: string
  /** A hash with the log's state: the writer, the last id, and where the log begins (`docs/decisions/redis.md`). */
  readonly state: string
  /** The pub/sub channel for wake-ups of this log. Scripts derive the name from `stream`. */
  readonly wake: string
}

export function logKeys(prefix: string, channel: string): LogKeys {
  const stream = `${prefix}{${channel}}`
  return { stream, state: `${stream}:state`, wake: `${stream}:wake` }
}

/** A pattern for SCAN that finds the streams of all channels. */
export function streamPattern(prefix: string): string {
  return `${prefix.replace(/[\\*?[\]^-]/g, '\\$&')}{*}`
}

/** The channel that a stream's key belongs to; undefined for any other key. */
export function channelOf(prefix: string, key: string): string | undefined {
  return key.startsWith(`${prefix}{`) && key.endsWith('}') ? key.slice(prefix.length + 1, -1) : undefined
}
