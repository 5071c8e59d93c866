import { join } from 'node:path'
import { cached } from '../cache/cache-folder.js'
import { copyMavenArtifacts } from '../cache/maven-artifacts.js'
import { findJava } from '../process/java.js'
import type { Progress } from '../server.js'

// This version and no later one: some later versions depend on artifacts that were never published.
const version = '4.0.0'

const artifacts = ['pulsar-broker', 'pulsar-websocket'].map((name) => ({
  group: 'org.apache.pulsar',
  name,
  version,
}))

export async function pulsarProgram(say: Progress): Promise<{ java: string; classpath: string }> {
  try {
    const java = await findJava()
    const folder = await cached(`pulsar-${version}`, (staging) => {
      say('Pulsar has more than 300 jars, some 230 MB')
      return copyMavenArtifacts(artifacts, staging, say)
    })
    return { java, classpath: join(folder, 'jars/*') }
  } catch (cause) {
    throw new Error(
      `No Pulsar: ${(cause as Error).message}\nOr set WAL_TEST_PULSAR_URL where a server of yours is enough.`,
      { cause },
    )
  }
}
