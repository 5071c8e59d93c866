import type { Server } from './server.js'

/** Waits for servers that start at the same time. When one cannot start, the others are stopped again. */
export async function startAll<S extends Server>(starting: readonly Promise<S>[]): Promise<S[]> {
  const outcomes = await Promise.allSettled(starting)
  const failed = outcomes.find((outcome) => outcome.status === 'rejected')
  const started = outcomes.filter((outcome) => outcome.status === 'fulfilled').map(({ value }) => value)
  if (failed === undefined) return started
  await stopAll(started)
  throw failed.reason
}

export async function stopAll(servers: readonly Server[]): Promise<void> {
  await Promise.all(servers.map((server) => server.stop()))
}
