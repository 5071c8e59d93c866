import { fileURLToPath } from 'node:url'
import { kafkaVersion } from '../kafka/kafka-version.js'
import { findProgram } from '../process/find-program.js'
import { runCommand } from '../process/run-command.js'

export type DockerService = 'redis' | 'kafka' | 'pulsar'

const composeFile = fileURLToPath(new URL('../../compose.yaml', import.meta.url))

/** Whether `docker` is on PATH and has Compose, and a Docker engine answers. */
export async function dockerAnswers(): Promise<boolean> {
  if (findProgram('docker') === undefined) return false
  try {
    await runCommand('docker', ['version', '--format', '{{.Server.Version}}'])
    await runCommand('docker', ['compose', 'version'])
    return true
  } catch {
    return false
  }
}

/** The command line that runs a Compose command for one project of this tool. */
export function composeCommand(project: string, ...words: readonly string[]): [string, ...string[]] {
  return ['docker', 'compose', '--project-name', project, '--file', composeFile, ...words]
}

/** The environment variables that compose.yaml reads. */
export function composeEnvironment(
  service: DockerService,
  port: number,
  webPort: number,
): Record<string, string> {
  const name = service.toUpperCase()
  return {
    [`WAL_${name}_PORT`]: String(port),
    ...(service === 'kafka' ? { WAL_KAFKA_VERSION: kafkaVersion() } : {}),
    ...(service === 'pulsar' ? { WAL_PULSAR_WEB_PORT: String(webPort) } : {}),
  }
}
