import { spawn } from 'node:child_process'

const running = new Set()
const killAfterMs = 10_000
let interruption

// On POSIX each child leads a process group of its own: one signal then reaches turbo's, pnpm's and vitest's
// own children too, wherever the interruption came from (a terminal, a CI runner, `kill`).
const grouped = process.platform !== 'win32'

const signalNumbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 }
for (const signal of Object.keys(signalNumbers)) process.on(signal, interrupt)

// npm passes a signal on to the shell by which it started us. dash dies of the signal and does not pass it on, so the
// only sign that nobody waits for us any more is that our parent process is another one.
const parent = process.ppid
if (process.env.npm_lifecycle_event !== undefined) {
  setInterval(() => process.ppid !== parent && interrupt('SIGTERM'), 500).unref()
}

function interrupt(signal) {
  // A terminal's signal comes a second time through npm: only the first one counts.
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
    // It has ended already.
  }
}

/**
 * Runs a command to its end and answers how it ended. Never rejects.
 * `output`: 'capture' collects stdout and stderr, 'stderr' sends both to our stderr, 'inherit' shares ours.
 * `decides`: when we are interrupted, we end with the child's exit code.
 * `limitMs`: a child that runs longer is killed with all that it started, and `timedOut` is true.
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
        // What the child itself started may outlive it.
        signalGroup(child, 'SIGKILL')
        process.exit(decides && code !== null ? code : 128 + interruption)
      }
      const ended = signal === null ? '' : `${command} was ended by ${signal}\n`
      resolve({ code: code ?? 1, output: Buffer.concat(chunks).toString() + ended, timedOut })
    })
  })
}
