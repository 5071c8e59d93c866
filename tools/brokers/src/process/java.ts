import { join } from 'node:path'
import { findProgram } from './find-program.js'
import { runCommand } from './run-command.js'

const lowest = 17

/** The path of a Java that is new enough for Kafka and Pulsar: from JAVA_HOME, or else from PATH. */
export async function findJava(env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const home = env.JAVA_HOME
  const path = home === undefined || home === '' ? findProgram('java', env.PATH) : join(home, 'bin/java')
  if (path === undefined)
    throw new Error(`it needs Java ${lowest} or newer, and java is not on PATH: install a JRE`)
  let printed = ''
  await runCommand(path, ['-version'], { onLine: (line) => (printed += `${line}\n`) })
  const version = javaVersion(printed)
  if (version === undefined || version < lowest) {
    throw new Error(`it needs Java ${lowest} or newer, ${path} is ${printed.split('\n')[0]}`)
  }
  return path
}

/**
 * What the compiler of a server's JVM does. A server of a test lives for seconds, and compiling with all optimisations takes
 * longer than they save: a Pulsar broker answers after 7 s instead of 10, for three fifths of the processor's time.
 */
export function compilerOptions({ fullSpeed = false }: { readonly fullSpeed?: boolean }): readonly string[] {
  return fullSpeed ? [] : ['-XX:TieredStopAtLevel=1']
}

/** The major version in the output of `java -version`. */
export function javaVersion(printed: string): number | undefined {
  const [, first, second] = /version "(\d+)(?:\.(\d+))?/.exec(printed) ?? []
  // Up to Java 8 the major version was the second number.
  const major = first === '1' ? second : first
  return major === undefined ? undefined : Number(major)
}
