import { spawn } from 'node:child_process'

const running = new Set()
const killAfterMs = 10_000
let interruption

// On POSIX systems each child leads its own process group. One signal to the group then also reaches the child's own children,
// such as those of turbo, pnpm and vitest, wherever the interruption came from (a terminal, a CI runner, `kill`).
const grouped = process.platform !== 'win32'

const signalNumbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 }
for (const signal of Object.keys(signalNumbers)) process.on(signal, interrupt)

// npm passes a signal on to the shell in which it started this process. The shell dash ends by the signal without passing it
// on. Then the only sign of the interruption is that this process has another parent.
const parent = process.ppid
if (process.env.npm_lifecycle_event !== undefined) {
  setInterval(() => process.ppid !== parent && interrupt('SIGTERM'), 500).unref()
}

function interrupt(signal) {
  // npm passes a terminal's signal on, so it arrives twice. Only the first one counts.
  if (interruption !== undefined) return
  interruption = signalNumbers[signal]
  if (running.size === 0) process.exit(128 + interruption)
  signalAll(signal)
  setTimeout(() => signalAll('SIGKILL'), killAfterMs).unref()
}

process.on('exit', () => signalAll('SIGKILL'))

function signalAll(signal) {
  for (const child of running) signalGroup(child, signal)
}

function signalGroup(child, signal) {
  try {
    if (grouped) process.kill(-child.pid, signal)
    else child.kill(signal)
  } catch {
    // The process has ended already.
  }
}

/**
 * Runs a command until it ends, and answers how it ended. Never rejects.
 * - `output`: 'capture' collects stdout and stderr, 'stderr' sends both to this process's stderr, 'inherit' shares its terminal.
 * - `decides`: when this process is interrupted, it ends with the exit code of the child.
 * - `limitMs`: a child that runs longer is killed together with all that it started, and `timedOut` is true.
 */
export function run(
  command,
  args,
  { cwd, env, output = 'capture', stdin = 'ignore', decides = false, shell = false, limitMs },
) {
  const stdio = { capture: [stdin, 'pipe', 'pipe'], stderr: [stdin, 2, 2], inherit: [stdin, 1, 2] }[output]
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env, stdio, shell, detached: grouped })
    const chunks = []
    child.stdout?.on('data', (chunk) => chunks.push(chunk))
    child.stderr?.on('data', (chunk) => chunks.push(chunk))
    if (child.pid !== undefined) running.add(child)
    let timedOut = false
    const limit =
      limitMs === undefined
        ? undefined
        : setTimeout(() => {
            timedOut = true
            signalGroup(child, 'SIGKILL')
          }, limitMs)
    child.on('error', (error) => {
      if (child.pid === undefined) resolve({ code: 127, output: `${command}: ${error.message}\n` })
    })
    child.on('close', (code, signal) => {
      running.delete(child)
      clearTimeout(limit)
      if (interruption !== undefined) {
        // The processes that the child started may still run.
        signalGroup(child, 'SIGKILL')
        process.exit(decides && code !== null ? code : 128 + interruption)
      }
      const ended = signal === null ? '' : `${command} was ended by ${signal}\n`
      resolve({ code: code ?? 1, output: Buffer.concat(chunks).toString() + ended, timedOut })
    })
  })
}
