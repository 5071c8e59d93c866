import { say } from './bootstrap.mjs'

// Node's `util.parseArgs` reads the words, since a command line is read before anything is installed.

/**
 * What `read` makes of the words after the command's name. Undefined when the command has nothing to do: help was asked
 * for and is printed, or `read` threw and its message is printed with the usage. The exit code is 1 unless help was asked
 * for, until the command sets another.
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
