import { HostClient } from './host-client.js'
import { ownServerVariable, type ServerKind } from './server-kind.js'

/** The environment variable that tells the processes of a test run the socket of the run's `ServerHost`. */
export const hostVariable = 'WAL_TEST_SERVER_HOST'

/**
 * The address of a server for tests that neither kill nor configure it: the user's own server if an environment variable names
 * one, else the one server of this kind that the test run starts. Tests share the server, so each uses its own names on it.
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
