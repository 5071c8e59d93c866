import { dockerAnswers } from '../docker/docker-compose.js'
import { startInDocker } from '../docker/docker-server.js'
import { apiVersions } from '../kafka/kafka-connection.js'
import { startKafka } from '../kafka/kafka-server.js'
import { freePorts } from '../process/free-port.js'
import { checkHealth, greet } from '../pulsar/pulsar-connection.js'
import { startPulsar } from '../pulsar/pulsar-server.js'
import { pingRedis, startRedis } from '../redis/redis-server.js'
import type { Progress } from '../server.js'
import type { ServerKind } from './server-kind.js'

export interface RunningServer {
  /** The address in the form that clients take: a URL, or Kafka's list of brokers. */
  readonly address: string
  readonly source: 'docker' | 'local'
  stop(): Promise<void>
}

const dockerStartTimeoutMs = 300_000

/** Starts a server that many tests use: in Docker when an engine answers there, otherwise as a local process. */
export async function startShared(kind: ServerKind, say: Progress): Promise<RunningServer> {
  if (await dockerAnswers()) return startSharedInDocker(kind, say)
  const start = {
    // compose.yaml uses the same address.
    redis: () => startRedis({ appendfsync: 'always' }, say),
    kafka: () => startKafka({}, say),
    pulsar: () => startPulsar({}, say),
  }[kind]
  const server = await start()
  const address = 'url' in server ? server.url : server.address
  return { address, source: 'local', stop: () => server.stop() }
}

async function startSharedInDocker(service: ServerKind, say: Progress): Promise<RunningServer> {
  const [port = 0, webPort = 0] = await freePorts(2)
  const probe = {
    redis: () => pingRedis({ port }),
    kafka: async () => void (await apiVersions(port)),
    pulsar: async () => {
      await checkHealth(webPort)
      await greet(port)
    },
  }[service]
  say(`starting ${service} in Docker; the first time its image is pulled`)
  const stop = await startInDocker({ service, port, webPort, probe, startTimeoutMs: dockerStartTimeoutMs })
  const scheme = { redis: 'redis://', kafka: '', pulsar: 'pulsar://' }[service]
  return { address: `${scheme}127.0.0.1:${port}`, source: 'docker', stop }
}
