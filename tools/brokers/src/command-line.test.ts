import { expect, test } from 'vitest'
import { parseCommandLine } from './command-line.js'

test('a command line has a command, and the servers that it is about or all of them', () => {
  expect(parseCommandLine(['up', 'redis', 'kafka'])).toEqual({ command: 'up', kinds: ['redis', 'kafka'] })
  expect(parseCommandLine(['down'])).toEqual({ command: 'down', kinds: ['redis', 'kafka', 'pulsar'] })
})

test.each([
  [[], 'A command is missing'],
  [['start'], "no command 'start'"],
  [['up', 'mysql'], "no server 'mysql'"],
  [['up', '--fast'], '--fast'],
])('%j is refused: %s', (words, reason) => {
  expect(() => parseCommandLine(words)).toThrow(reason)
})
