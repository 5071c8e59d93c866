import { spawn } from 'node:child_process'
import { mkdirSync, openSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { cacheFolder } from './cache/cache-folder.js'
import { HostClient } from './shared/host-client.js'
import { ServerHost } from './shared/server-host.js'

/** The word that makes main.ts the background process. */
export const hostCommand = 'host'

const folder = cacheFolder()
const logFile = join(folder, 'host.log')
const startTimeoutMs = 30_000

/** The socket is the only state: while somebody answers there, the servers of `up` have an owner. */
export const backgroundSocket = join(folder, 'host.sock')

/** Starts the process that owns the servers between `up` and `down`, unless it runs. */
export async function ensureBackgroundHost(): Promise<HostClient> {
  const client = new HostClient(backgroundSocket)
  if ((await client.running()) !== undefined) return client
  // The folder belongs to the user, so that nobody else on the machine can use the socket.
  mkdirSync(folder, { recursive: true })
  const log = openSync(logFile, 'w')
  const [, script = ''] = process.argv
  spawn(process.execPath, [...process.execArgv, script, hostCommand], {
    detached: true,
    stdio: ['ignore', log, log],
  }).unref()
  const deadline = performance.now() + startTimeoutMs
  while ((await client.running()) === undefined) {
    if (performance.now() > deadline) {
      throw new Error(
        `The background process did not start to listen. It printed:\n${readFileSync(logFile, 'utf8')}`,
      )
    }
    await sleep(50)
  }
  return client
}

/** Undefined when somebody answers on the socket already. */
export async function listenAlone(socketPath: string): Promise<ServerHost | undefined> {
  try {
    return await ServerHost.listen(socketPath)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    if ((await new HostClient(socketPath).running()) !== undefined) return undefined
    // Nobody answers, so the process that made this socket was killed.
    rmSync(socketPath, { force: true })
    return await ServerHost.listen(socketPath)
  }
}

/** The background process itself: ends when its last server was stopped, or by a signal. */
export async function runBackgroundHost(): Promise<void> {
  const host = await listenAlone(backgroundSocket)
  // Another `up` has started a host at the same time, and that host serves both.
  if (host === undefined) return
  let closing = false
  const close = () => {
    if (closing) return
    closing = true
    void host.close().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error)
        process.exit(1)
      },
    )
  }
  process.on('SIGTERM', close)
  process.on('SIGINT', close)
  host.onEmpty = close
}
