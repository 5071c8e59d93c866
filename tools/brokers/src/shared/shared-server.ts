import { HostClient } from './host-client.js'
import { ownServerVariable, type ServerKind } from './server-kind.js'

/** Names the socket of the run's `ServerHost` to the processes of the run. */
export const hostVariable = 'WAL_TEST_SERVER_HOST'

/**
 * The address of a server for tests that neither kill nor reconfigure it: the user's own if the environment names
 * one, else the one server of this kind that the test run starts. Tests share it, so each uses names of its own.
 */
export async function sharedServer(kind: ServerKind, env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const own = env[ownServerVariable[kind]]
  if (own !== undefined && own !== '') return own
  const socketPath = env[hostVariable]
  if (socketPath !== undefined) return await new HostClient(socketPath).ensure(kind)
  throw new Error(
    `No ${kind} server: set ${ownServerVariable[kind]}, or run this test with --config vitest.servers.config.ts`,
  )
}
