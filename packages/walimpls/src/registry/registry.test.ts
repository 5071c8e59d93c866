import { afterEach, describe, expect, test, vi } from 'vitest'
import { memoryBuilder } from '../testing/memory-builder.js'
import { SPEC_VERSION } from './compatibility.js'
import { registeredBackends } from './registered-backends.js'
import { getBuilder, listBackends, mustGetBuilder, registerBackend } from './registry.js'
import type { RegistryEntry } from './registry-entry.js'

function entry(name: string, changes: Partial<RegistryEntry> = {}): RegistryEntry {
  const builder = { ...memoryBuilder(), name }
  return {
    builder,
    specVersion: SPEC_VERSION,
    packageName: `@x/${name}`,
    packageVersion: '1.2.3',
    ...changes,
  }
}

afterEach(() => registeredBackends().clear())

describe('registry', () => {
  test('a registered backend is found by its name', () => {
    const one = entry('one')
    registerBackend(one)
    registerBackend(entry('another'))
    expect(getBuilder('one')).toBe(one.builder)
    expect(mustGetBuilder('one')).toBe(one.builder)
    expect(getBuilder('two')).toBe(undefined)
    expect(listBackends()).toEqual(['another', 'one'])
  })

  test('a second registration by the same package changes nothing, and one by another package is refused', () => {
    const first = entry('one')
    registerBackend(first)
    registerBackend(entry('one', { packageVersion: '9.9.9' }))
    expect(getBuilder('one')).toBe(first.builder)
    expect(() => registerBackend(entry('one', { packageName: '@y/one' }))).toThrow(
      expect.objectContaining({
        code: 'WAL_BACKEND_ALREADY_REGISTERED',
        message: expect.stringMatching('@y/one.*@x/one@1.2.3'),
      }),
    )
  })

  test('the error for an unknown backend names the registered ones and the import', () => {
    expect(() => mustGetBuilder('kafka')).toThrow(
      "No backend is registered. Import its package once, for example: import '@wal/impl-kafka'",
    )
    registerBackend(entry('one'))
    expect(() => mustGetBuilder('kafka')).toThrow(
      expect.objectContaining({
        code: 'WAL_BACKEND_NOT_REGISTERED',
        message: expect.stringContaining('Registered: one'),
      }),
    )
    expect(() => mustGetBuilder("x'; evil()")).toThrow("import '@wal/impl-file'")
    for (const name of ['__proto__', 'constructor', '']) expect(getBuilder(name)).toBe(undefined)
  })

  test.each([-1, 1])(
    'a backend whose contract version differs by %i is refused, with what to upgrade',
    (difference) => {
      registerBackend(entry('old', { specVersion: SPEC_VERSION + difference }))
      const remedy = difference > 0 ? 'Upgrade @wal/core' : 'Upgrade @x/old'
      expect(() => mustGetBuilder('old')).toThrow(
        expect.objectContaining({
          code: 'WAL_SPEC_UNSUPPORTED',
          message: expect.stringMatching(`@x/old@1.2.3.*${remedy}`),
        }),
      )
      expect(listBackends()).toEqual(['old'])
    },
  )

  test.each(['', 'A', '1a', 'a_b', 'a b', 'a'.repeat(33), undefined, 7])('%j is no backend name', (name) => {
    expect(() => registerBackend(entry(name as string))).toThrow(
      expect.objectContaining({ code: 'WAL_INVALID_ARGUMENT' }),
    )
  })

  test('two copies of the module share one registry', async () => {
    vi.resetModules()
    const copy = await import('./registry.js')
    expect(copy.registerBackend).not.toBe(registerBackend)
    const one = entry('one')
    copy.registerBackend(one)
    registerBackend(one)
    expect(getBuilder('one')).toBe(one.builder)
    expect(copy.listBackends()).toEqual(['one'])
  })
})
