import { spawn } from 'node:child_process'
import { mkdirSync, openSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { cacheFolder } from './cache/cache-folder.js'
import { HostClient } from './shared/host-client.js'
import { ServerHost } from './shared/server-host.js'

/** The argument with which `main.ts` starts as the background process. */
export const hostCommand = 'host'

const folder = cacheFolder()
const logFile = join(folder, 'host.log')
const startTimeoutMs = 30_000

/**
 * The path of the socket on which the background process answers. As long as it answers, it owns the servers that `up` has
 * started.
 */
export const backgroundSocket = join(folder, 'host.sock')

/** Starts the background process, which owns the servers between `up` and `down`, unless it runs already. */
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

/** Listens on the socket. Answers undefined when another process answers there already. */
export async function listenAlone(socketPath: string): Promise<ServerHost | undefined> {
  try {
    return await ServerHost.listen(socketPath)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    if ((await new HostClient(socketPath).running()) !== undefined) return undefined
    // Nobody answers on the socket, so the process that made it was killed, and the socket is removed.
    rmSync(socketPath, { force: true })
    return await ServerHost.listen(socketPath)
  }
}

/** The background process. It ends when its last server was stopped, or by a signal. */
export async function runBackgroundHost(): Promise<void> {
  const host = await listenAlone(backgroundSocket)
  // Another `up` started a host at the same time. That host serves both commands, so this process ends.
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
