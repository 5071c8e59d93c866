import { createHash } from 'node:crypto'
import { isScriptFailure, type mapError, replyCode, scrubbed } from '../client/error-mapping.js'
import type { RedisCalls, RedisClient } from '../client/redis-calls.js'
import { damagedState } from '../stored/damaged-state.js'
import type { LogKeys } from '../stored/log-keys.js'

/** A Lua script. The server runs it from beginning to end before it serves another client. */
export interface Script {
  readonly source: string
  readonly digest: string
}

export type ScriptReply = readonly (Buffer | number)[]

export function defineScript(source: string): Script {
  return { source, digest: createHash('sha1').update(source).digest('hex') }
}

/** One call of a script. */
export interface ScriptRun {
  readonly keys: LogKeys
  readonly args: readonly (string | number | Buffer)[]
  /** Names the action at the beginning of errors: `reading wal:{orders}`. */
  readonly doing: string
  /** Called right after the script was given to the client; a second time when the script is sent again with its source. */
  readonly sent?: (() => void) | undefined
  /** Makes the error for the caller, in place of `mapError`. */
  readonly mapped?: typeof mapError
}

/**
 * Runs a script on the keys of a log. Sends its digest first, and its whole source when the server does not know the digest.
 */
export async function runScript(
  calls: RedisCalls,
  script: Script,
  { keys, args, doing, sent, mapped }: ScriptRun,
): Promise<ScriptReply> {
  const run = async (client: RedisClient): Promise<unknown> => {
    try {
      const running = client.callBuffer('evalsha', script.digest, 2, keys.stream, keys.state, ...args)
      sent?.()
      return await running
    } catch (error) {
      if (replyCode(error) !== 'NOSCRIPT') throw error
      const running = client.callBuffer('eval', script.source, 2, keys.stream, keys.state, ...args)
      sent?.()
      return running
    }
  }
  const send = (client: RedisClient) =>
    run(client).catch((error: unknown) => {
      if (!isScriptFailure(error)) throw error
      const said = scrubbed(error).message
      throw damagedState(keys, `a field holds what this package never puts there (${said})`)
    })
  return (await calls.call(doing, send, mapped)) as ScriptReply
}

/** One part of a reply as text; empty when the part is missing. */
export function textAt(reply: ScriptReply, index: number): string {
  const part = reply[index]
  return part === undefined || part === null ? '' : part.toString()
}
