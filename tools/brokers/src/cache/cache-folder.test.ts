import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { cached, cacheFolder } from './cache-folder.js'

describe('the cache folder lies in XDG_CACHE_HOME, or in .cache when that is no absolute path', () => {
  test.each([
    [{ XDG_CACHE_HOME: '/somewhere' }, '/somewhere/wal-brokers'],
    [{ XDG_CACHE_HOME: 'relative' }, join(homedir(), '.cache/wal-brokers')],
    [{}, join(homedir(), '.cache/wal-brokers')],
  ])('%o', (environment, folder) => {
    expect(cacheFolder(environment)).toBe(folder)
  })
})

describe('filling a folder of the cache', () => {
  let cache: string
  beforeEach(() => {
    cache = mkdtempSync(join(tmpdir(), 'wal-cache-test-'))
  })
  afterEach(() => rmSync(cache, { recursive: true }))

  test('happens once, also when two callers ask at once', async () => {
    let fills = 0
    const fill = async (folder: string) => {
      fills += 1
      writeFileSync(join(folder, 'file'), 'content')
    }
    const folders = await Promise.all([cached('server', fill, cache), cached('server', fill, cache)])
    folders.push(await cached('server', fill, cache))
    expect(fills).toBe(1)
    expect(new Set(folders)).toEqual(new Set([join(cache, 'server')]))
    expect(readFileSync(join(cache, 'server/file'), 'utf8')).toBe('content')
  })

  test('shows nothing until it is whole, and leaves nothing when it fails', async () => {
    const failing = cached(
      'server',
      async (folder) => {
        writeFileSync(join(folder, 'half'), '')
        expect(existsSync(join(cache, 'server'))).toBe(false)
        throw new Error('the line went dead')
      },
      cache,
    )
    await expect(failing).rejects.toThrow('the line went dead')
    expect(readdirSync(cache)).toEqual([])
  })

  test('keeps the folder that another process put there at the same time', async () => {
    const folder = await cached(
      'server',
      async (staging) => {
        writeFileSync(join(staging, 'file'), 'ours')
        // Another process does not know what this process is filling. It renames its own folder into place.
        mkdirSync(join(cache, 'server'))
        writeFileSync(join(cache, 'server/file'), 'theirs')
      },
      cache,
    )
    expect(readFileSync(join(folder, 'file'), 'utf8')).toBe('theirs')
    expect(readdirSync(cache)).toEqual(['server'])
  })
})
