import { backgroundSocket, ensureBackgroundHost, hostCommand, runBackgroundHost } from './background-host.js'
import { type CommandLine, parseCommandLine, usage } from './command-line.js'
import { HostClient } from './shared/host-client.js'
import { ownServerVariable, type ServerKind } from './shared/server-kind.js'

const words = process.argv.slice(2)

if (words[0] === hostCommand) await runBackgroundHost()
else if (words[0] === '--help' || words[0] === '-h') console.log(usage)
else process.exitCode = await run(words)

async function run(words: readonly string[]): Promise<number> {
  let commandLine: CommandLine
  try {
    commandLine = parseCommandLine(words)
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`)
    return 2
  }
  try {
    await { up, down, status }[commandLine.command](commandLine)
    return 0
  } catch (error) {
    console.error(`✘ ${(error as Error).message}`)
    return 1
  }
}

async function up({ kinds }: CommandLine): Promise<void> {
  for (const kind of kinds.filter(isOwn))
    console.error(`${kind}: nothing is started, since ${ownServerVariable[kind]} names your own server`)
  const ours = kinds.filter((kind) => !isOwn(kind))
  if (ours.length === 0) return
  const host = await ensureBackgroundHost()
  for (const kind of ours) {
    console.error(`▸ ${kind}`)
    const address = await host.ensure(kind, (line) => console.error(`  ${line}`))
    // Only this line goes to stdout, so that a shell can evaluate the output of the command.
    console.log(`export ${ownServerVariable[kind]}=${quoted(address)}`)
  }
}

async function down({ kinds }: CommandLine): Promise<void> {
  const host = new HostClient(backgroundSocket)
  const running = await host.running()
  for (const kind of kinds.filter((kind) => running !== undefined && kind in running)) {
    await host.stop(kind)
    console.error(`${kind} is stopped`)
  }
}

async function status({ kinds }: CommandLine): Promise<void> {
  const running = (await new HostClient(backgroundSocket).running()) ?? {}
  for (const kind of kinds) {
    const server = running[kind]
    const said =
      server === undefined
        ? 'down'
        : server === 'starting'
          ? server
          : `up (${server.source}), ${server.address}`
    console.log(`${kind}: ${said}${isOwn(kind) ? `; your own is used, by ${ownServerVariable[kind]}` : ''}`)
  }
}

function isOwn(kind: ServerKind): boolean {
  return (process.env[ownServerVariable[kind]] ?? '') !== ''
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}
