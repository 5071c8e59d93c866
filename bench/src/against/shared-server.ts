import type { BenchCase } from '../bench-case.js'
import { BENCH_KAFKA, startBenchKafka } from '../kafka-bench.js'
import { BENCH_PULSAR, startBenchPulsar } from '../pulsar-bench.js'
import { BENCH_REDIS, startBenchRedis } from '../redis-bench.js'

export interface SharedServer {
  /**
   * Tells a benchmark's process where the server is. The two commits that are compared use one server, each a database of its
   * own, or topics of its own.
   */
  environment(side: 'here' | 'there'): Readonly<Record<string, string>>
  stop(): Promise<void>
}

/** The server that both sides of a case use. Undefined when the case needs none. */
export async function startShared({ server }: Pick<BenchCase, 'server'>): Promise<SharedServer | undefined> {
  if (server === 'redis') {
    const redis = await startBenchRedis()
    return {
      environment: (side) => ({ [BENCH_REDIS]: `${redis.host}:${redis.port}/${side === 'here' ? 0 : 1}` }),
      stop: () => redis.stop(),
    }
  }
  if (server === 'kafka') {
    const kafka = await startBenchKafka()
    return {
      environment: (side) => ({ [BENCH_KAFKA]: `${kafka.address}/${side}` }),
      stop: () => kafka.stop(),
    }
  }
  if (server === 'pulsar') {
    const pulsar = await startBenchPulsar()
    return {
      environment: (side) => ({ [BENCH_PULSAR]: `${pulsar.host}:${pulsar.port}/${side}` }),
      stop: () => pulsar.stop(),
    }
  }
  return undefined
}
