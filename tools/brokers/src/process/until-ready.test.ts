import { expect, test } from 'vitest'
import { untilReady } from './until-ready.js'

test('a server that ends is told with the line that says why, though a long shutdown follows it', async () => {
  const output = ['started', 'FATAL no space', ...Array.from({ length: 40 }, (_, i) => `closing ${i}`)]
  const ready = untilReady(() => Promise.reject(new Error('refused')), {
    what: 'kafka-1',
    timeoutMs: 1_000,
    ended: () => true,
    logs: () => output.join('\n'),
  })
  const message = await ready.catch(String)
  expect(message).toContain('Its last errors:\nFATAL no space\nIts last lines:\nclosing 10\n')
  expect(message).not.toContain('started')
})
