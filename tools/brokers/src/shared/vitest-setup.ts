import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { guard } from '../process/guard.js'
import { ServerHost } from './server-host.js'
import { hostVariable } from './shared-server.js'
import { startShared } from './start-shared.js'

/**
 * The global set-up of vitest: starts a `ServerHost` for the whole run, which starts a server when a test first asks for it.
 */
export default async function setUp(): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), 'wal-servers-'))
  const unguard = guard({ folder })
  const socketPath = join(folder, 'host.sock')
  const host = await ServerHost.listen(socketPath, (kind, say) =>
    startShared(kind, (line) => {
      process.stderr.write(`  ${kind}: ${line}\n`)
      say(line)
    }),
  )
  process.env[hostVariable] = socketPath
  return async () => {
    await host.close()
    rmSync(folder, { recursive: true })
    unguard()
  }
}
