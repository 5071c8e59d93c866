import { say } from './bootstrap.mjs'

// The command line is read before anything is installed, so Node's own `util.parseArgs` is used.

/**
 * Reads the command line, with `read`. Answers the result of `read`, or undefined when the command has nothing to do: after
 * printing the help that was asked for, or after an error of `read`, which is printed with the usage. The exit code is 0 after
 * help, else 1 until the command sets another.
 */
export function commandLine(usage, read) {
  const words = process.argv.slice(2)
  process.exitCode = 1
  if (words[0] === '--help' || words[0] === '-h') {
    console.log(usage)
    process.exitCode = 0
    return undefined
  }
  try {
    return read(words)
  } catch (error) {
    say(`${error.message}\n\n${usage}`)
    return undefined
  }
}
