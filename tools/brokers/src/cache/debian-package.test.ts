import { expect, test } from 'vitest'
import { packagesToInstall } from './debian-package.js'

test('the packages to install are read from a simulated installation', () => {
  const plan = [
    'Reading package lists...',
    'The following NEW packages will be installed:',
    '  libjemalloc2 redis-server',
    'Inst libjemalloc2 (5.3.0-1 Debian:12.1/stable [amd64])',
    'Inst redis-server (5:7.0.15-1 Debian:12.1/stable [amd64])',
    'Conf libjemalloc2 (5.3.0-1 Debian:12.1/stable [amd64])',
  ].join('\n')
  expect(packagesToInstall(plan)).toEqual(['libjemalloc2', 'redis-server'])
})
