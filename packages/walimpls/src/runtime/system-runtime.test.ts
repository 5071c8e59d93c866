import assert from 'node:assert/strict'
import { test, vi } from 'vitest'

test('two copies of the package share one runtime and so one clock', async () => {
  const first = await import('./system-runtime.js')
  vi.resetModules()
  const second = await import('./system-runtime.js')
  assert.notEqual(first, second)
  assert.equal(first.systemRuntime, second.systemRuntime)
})
