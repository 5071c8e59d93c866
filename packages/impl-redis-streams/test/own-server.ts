import { randomBytes } from 'node:crypto'
import type { RedisStreamsOptions } from '../src/client/options.js'
import { buildOpener } from './scene.js'

export interface OwnServer {
  /** All keys lie under a prefix of this run, since the server may hold data of others. */
  readonly options: RedisStreamsOptions
  /** Deletes the channels that the run has left on the server. */
  clear(): Promise<void>
}

/** The server that `WAL_TEST_REDIS_URL` names. */
export function ownServer(text = process.env.WAL_TEST_REDIS_URL ?? ''): OwnServer | undefined {
  if (text === '') return undefined
  const { protocol, username, password, hostname, port, pathname } = new URL(text)
  const options = {
    hosts: [port === '' ? hostname : `${hostname}:${port}`],
    tls: protocol === 'rediss:',
    db: pathname.slice(1) || '0',
    prefix: `wal-test-${randomBytes(6).toString('hex')}:`,
    ...(username === '' ? {} : { user: decodeURIComponent(username) }),
    ...(password === '' ? {} : { password: decodeURIComponent(password) }),
  }
  const clear = async () => {
    const opener = await buildOpener(options)
    try {
      for (const channel of await opener.list()) await opener.delete(channel)
    } finally {
      await opener.close()
    }
  }
  return { options, clear }
}
