import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { serverKinds } from '../shared/server-kind.js'
import { composeCommand, composeEnvironment } from './docker-compose.js'

const [, , , , , file = ''] = composeCommand('project', 'up')
const compose = readFileSync(file, 'utf8')

test('a command names the project and our file', () => {
  expect(composeCommand('wal-redis-1', 'up', '--detach', 'redis')).toEqual([
    'docker',
    'compose',
    '--project-name',
    'wal-redis-1',
    '--file',
    file,
    'up',
    '--detach',
    'redis',
  ])
})

test.each(serverKinds)('compose.yaml has %s, with the ports that it is given', (kind) => {
  expect(compose).toMatch(new RegExp(`^  ${kind}:$`, 'm'))
  for (const variable of Object.keys(composeEnvironment(kind, 1, 2)))
    expect(compose).toContain(`\${${variable}:-`)
})

test('every published port is on the loopback address', () => {
  const published = compose.match(/^ {6}- ".*"$/gm) ?? []
  expect(published.length).toBe(4)
  expect(published.filter((line) => !line.includes('"127.0.0.1:'))).toEqual([])
})
