import type { Server } from './server.js'

/** Waits until several servers have started. When one of them fails to start, the others are stopped. */
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
