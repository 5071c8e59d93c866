import { parseArgs } from 'node:util'
import { kafkaVersions, kafkaVersionVariable } from './kafka/kafka-version.js'
import { isServerKind, type ServerKind, serverKinds } from './shared/server-kind.js'

export interface CommandLine {
  readonly command: 'up' | 'down' | 'status'
  /** The kinds of servers that the arguments name; all kinds when they name none. */
  readonly kinds: readonly ServerKind[]
}

export const usage = `Usage: brokers up|down|status [${serverKinds.join('|')} ...]

up      starts servers, which run until 'down', and prints the variables that name them to tests
down    stops them and removes their data
status  says which of them run

Kafka has the version that ${kafkaVersionVariable} names when the first server is started: ${kafkaVersions.join(' or ')}.`

/** Throws an error that says what is wrong with the arguments. */
export function parseCommandLine(words: readonly string[]): CommandLine {
  const { positionals } = parseArgs({ args: [...words], allowPositionals: true, strict: true })
  const [command, ...names] = positionals
  if (command !== 'up' && command !== 'down' && command !== 'status') {
    throw new Error(command === undefined ? 'A command is missing.' : `There is no command '${command}'.`)
  }
  const unknown = names.find((name) => !isServerKind(name))
  if (unknown !== undefined) throw new Error(`There is no server '${unknown}'.`)
  return { command, kinds: names.length === 0 ? serverKinds : names.filter(isServerKind) }
}
