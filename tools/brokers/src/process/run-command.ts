import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { guard } from './guard.js'

export interface CommandOptions {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  readonly onLine?: (line: string) => void
}

const keptLines = 40

/**
 * Runs a command until it ends, and answers its stdout. Rejects when the command cannot be started or its exit code is not 0;
 * the error has the last lines of the output.
 */
export async function runCommand(
  program: string,
  args: readonly string[],
  { cwd, env = process.env, onLine }: CommandOptions = {},
): Promise<string> {
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  const unguard = child.pid === undefined ? () => {} : guard({ processGroup: child.pid })
  const output: string[] = []
  const last: string[] = []
  const keep = (line: string) => {
    last.push(line)
    if (last.length > keptLines) last.shift()
    onLine?.(line)
  }
  createInterface({ input: child.stdout }).on('line', (line) => {
    output.push(line)
    keep(line)
  })
  createInterface({ input: child.stderr }).on('line', keep)
  try {
    const ending = await new Promise<string>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`))
    })
    if (ending === 'exit code 0') return output.join('\n')
    throw new Error(`${program} ${args.join(' ')}: ${ending}\n${last.join('\n')}`)
  } finally {
    unguard()
  }
}
