import { join } from 'node:path'
import { cached } from '../cache/cache-folder.js'
import { copyMavenArtifacts } from '../cache/maven-artifacts.js'
import { findJava } from '../process/java.js'
import type { Progress } from '../server.js'
import type { KafkaVersion } from './kafka-version.js'

/** The command line of a Java program with Kafka's classes on its class path. */
export interface KafkaProgram {
  readonly java: string
  readonly classpath: string
}

export async function kafkaProgram(version: KafkaVersion, say: Progress): Promise<KafkaProgram> {
  const artifacts = [
    { group: 'org.apache.kafka', name: 'kafka_2.13', version },
    // Kafka's jars come without a logger. Without one, Kafka does not print why it fails.
    { group: 'org.slf4j', name: 'slf4j-simple', version: '1.7.36' },
  ]
  try {
    const java = await findJava()
    const folder = await cached(`kafka-${version}`, (staging) => copyMavenArtifacts(artifacts, staging, say))
    return { java, classpath: join(folder, 'jars/*') }
  } catch (cause) {
    throw new Error(
      `No Kafka ${version}: ${(cause as Error).message}\nOr set WAL_TEST_KAFKA_BROKERS where a server of yours is enough.`,
      { cause },
    )
  }
}
