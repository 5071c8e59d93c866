import { afterEach, describe, expect, test } from 'vitest'
import type { StoredMessage } from '../message/wire-message.js'
import { CloseTree } from './close-tree.js'
import { FedScanner } from './fed-scanner.js'
import { type NumberId, numberIdCodec } from './number-id.js'
import { PagedScanner } from './paged-scanner.js'

type Stored = StoredMessage<NumberId>
const ids = numberIdCodec('test')
const record = (value: number, bytes = 10): Stored => ({
  id: ids.of(value),
  payload: new Uint8Array(bytes),
  properties: [],
})
const numbers = (messages: readonly Stored[] | undefined) => messages?.map((message) => message.id.value)
const turn = () => new Promise((resolve) => setImmediate(resolve))

const unhandled: unknown[] = []
process.on('unhandledRejection', (reason) => unhandled.push(reason))
afterEach(async () => {
  await turn()
  expect(unhandled).toEqual([])
})

/** A log in an array. The test decides when its functions resolve. */
function source(options: { signal?: AbortSignal; hold?: Promise<void>; begin?: () => Promise<void> } = {}) {
  const log: Stored[] = []
  let at = 0
  let wake = () => {}
  const calls = { page: 0, release: 0 }
  const scanner = new PagedScanner<NumberId>({
    options: { start: 'oldest', maxBytes: 20, ...(options.signal && { signal: options.signal }) },
    begin: options.begin ?? (async () => {}),
    async page() {
      calls.page++
      await options.hold
      const page = log.slice(at, at + 2)
      at += page.length
      return page
    },
    waitForMore: (signal) =>
      new Promise((resolve) => {
        wake = resolve
        signal.addEventListener('abort', () => resolve())
        if (at < log.length) resolve()
      }),
    release: () => void calls.release++,
  })
  return { scanner, log, calls, wake: () => wake() }
}

describe('PagedScanner', () => {
  test('says once that the end was met, each time, and then waits', async () => {
    const { scanner, log, wake } = source()
    await scanner.ready()
    log.push(record(1), record(2), record(3))
    expect(numbers(await scanner.next())).toEqual([1, 2])
    expect(numbers(await scanner.next())).toEqual([3])
    expect(await scanner.next()).toEqual([])
    const next = scanner.next()
    await turn()
    wake() // A wait that resolves although no record was stored.
    await turn()
    log.push(record(4))
    wake()
    expect(numbers(await next)).toEqual([4])
    expect(await scanner.next()).toEqual([])
    await scanner.close()
  })

  test('close wakes a waiting next at once, but itself waits for the running page', async () => {
    let open = () => {}
    const hold = new Promise<void>((resolve) => {
      open = resolve
    })
    const { scanner, calls } = source({ hold })
    const next = scanner.next()
    await turn()
    let closed = false
    const close = scanner.close().then(() => {
      closed = true
    })
    expect(await next).toBe(undefined)
    await turn()
    expect([closed, calls.release]).toEqual([false, 0])
    open()
    await close
    await scanner.close()
    expect(calls).toEqual({ page: 1, release: 1 })
    expect(await scanner.next()).toBe(undefined)
  })

  test('close wakes a next that waits for more', async () => {
    const { scanner, calls } = source()
    expect(await scanner.next()).toEqual([])
    const next = scanner.next()
    await turn()
    await scanner.close()
    expect(await next).toBe(undefined)
    expect(calls.release).toBe(1)
  })

  test('abort rejects with the reason, for good, and releases', async () => {
    const controller = new AbortController()
    const { scanner, calls } = source({ signal: controller.signal })
    expect(await scanner.next()).toEqual([])
    const next = scanner.next()
    const reason = { why: 'enough' }
    controller.abort(reason)
    await expect(next).rejects.toBe(reason)
    await expect(scanner.next()).rejects.toBe(reason)
    await turn()
    expect(calls.release).toBe(1)
    await scanner.close()
    await expect(scanner.next()).rejects.toBe(reason)
    expect(calls.release).toBe(1)
  })

  test('a signal that has aborted before lets nothing begin', async () => {
    let begun = false
    const begin = async () => {
      begun = true
    }
    const { scanner, calls } = source({ signal: AbortSignal.abort('early'), begin })
    await expect(scanner.ready()).rejects.toBe('early')
    await expect(scanner.next()).rejects.toBe('early')
    await scanner.close()
    expect([begun, calls.release]).toEqual([false, 1])
  })

  test('an error of begin comes out of ready and of every next; nobody has to look', async () => {
    const error = new Error('no such place')
    const { scanner, calls } = source({ begin: () => Promise.reject(error) })
    await turn()
    await expect(scanner.ready()).rejects.toBe(error)
    await expect(scanner.next()).rejects.toBe(error)
    await expect(scanner.next()).rejects.toBe(error)
    await scanner.close()
    expect(calls.release).toBe(1)
  })

  test('closed while it begins: ready rejects, next ends', async () => {
    const { scanner } = source({ begin: () => turn().then(() => {}) })
    const ready = scanner.ready()
    const next = scanner.next()
    await scanner.close()
    await expect(ready).rejects.toMatchObject({ code: 'WAL_CLOSED' })
    expect(await next).toBe(undefined)
  })

  test('a second next before the first has settled is refused', async () => {
    const { scanner } = source()
    const first = scanner.next()
    await expect(scanner.next()).rejects.toMatchObject({ code: 'WAL_INVALID_ARGUMENT' })
    expect(await first).toEqual([])
    await scanner.close()
  })
})

function fed(options: { signal?: AbortSignal; maxBytes?: number } = {}) {
  const calls = { release: 0 }
  const scanner = new FedScanner<NumberId>({
    options: {
      start: 'oldest',
      maxBytes: options.maxBytes ?? 20,
      ...(options.signal && { signal: options.signal }),
    },
    begin: async () => {},
    release: () => void calls.release++,
  })
  return { scanner, calls }
}

describe('FedScanner', () => {
  test('pushes back when a batch is held, and cuts and joins to batches', async () => {
    const { scanner } = fed()
    expect(await scanner.feed([record(1)])).toBe(true)
    expect(await scanner.feed([record(2)])).toBe(true)
    let taken = false
    const third = scanner.feed([record(3), record(4), record(5)]).then((value) => {
      taken = value
    })
    await turn()
    expect(taken).toBe(false)
    expect(numbers(await scanner.next())).toEqual([1, 2])
    expect(numbers(await scanner.next())).toEqual([3, 4])
    await third
    expect(taken).toBe(true)
    expect(numbers(await scanner.next())).toEqual([5])
    expect(await scanner.feed([record(6, 1000)])).toBe(true)
    expect(numbers(await scanner.next())).toEqual([6])
    await scanner.close()
  })

  test('end marks come once, behind what was fed before', async () => {
    const { scanner } = fed({ maxBytes: 10 })
    scanner.markEnd()
    scanner.markEnd()
    void scanner.feed([record(1)])
    void scanner.feed([record(2)])
    scanner.markEnd()
    expect(await scanner.next()).toEqual([])
    expect(numbers(await scanner.next())).toEqual([1])
    expect(numbers(await scanner.next())).toEqual([2])
    expect(await scanner.next()).toEqual([])
    const next = scanner.next()
    await turn()
    await scanner.feed([record(3)])
    expect(numbers(await next)).toEqual([3])
    await scanner.close()
  })

  test('the first finish decides, after what was fed', async () => {
    const { scanner, calls } = fed()
    const error = new Error('connection lost')
    await scanner.feed([record(1)])
    scanner.finish(error)
    scanner.finish()
    expect(await scanner.feed([record(2)])).toBe(false)
    expect(numbers(await scanner.next())).toEqual([1])
    await expect(scanner.next()).rejects.toBe(error)
    await expect(scanner.next()).rejects.toBe(error)
    await scanner.close()
    expect(calls.release).toBe(1)
  })

  test('close and abort drop what is held and tell the source to stop', async () => {
    const { scanner, calls } = fed({ maxBytes: 10 })
    const held = [scanner.feed([record(1)]), scanner.feed([record(2)])]
    await scanner.close()
    expect(await Promise.all(held)).toEqual([true, false])
    expect(await scanner.feed([record(3)])).toBe(false)
    expect(await scanner.feed([])).toBe(false)
    expect(await scanner.next()).toBe(undefined)
    expect(calls.release).toBe(1)

    const controller = new AbortController()
    const second = fed({ signal: controller.signal })
    const next = second.scanner.next()
    controller.abort('enough')
    await expect(next).rejects.toBe('enough')
    expect(await second.scanner.feed([record(1)])).toBe(false)
    await second.scanner.close()
    expect(second.calls.release).toBe(1)
  })
})

describe('a scanner of a log', () => {
  const open = (owner: Pick<CloseTree, 'add'>) => {
    let released = 0
    const options = { start: 'oldest', maxBytes: 20 } as const
    const release = () => void released++
    const paged = new PagedScanner<NumberId>({
      options,
      owner,
      begin: async () => {},
      page: async () => [],
      waitForMore: (signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve())),
      release,
    })
    const fed = new FedScanner<NumberId>({ options, owner, begin: async () => {}, release })
    return { paged, fed, released: () => released }
  }

  test('closes with it, also while it waits', async () => {
    const log = new CloseTree()
    const { paged, fed, released } = open(log)
    expect(await paged.next()).toEqual([])
    const waiting = [paged.next(), fed.next()]
    await log.close()
    expect(released()).toBe(2)
    expect(await Promise.all(waiting)).toEqual([undefined, undefined])
  })

  test('is forgotten by it once it has ended, and not before it has released what it holds', async () => {
    const kept = new Set<unknown>()
    const owner: Pick<CloseTree, 'add'> = {
      add(close) {
        kept.add(close)
        return () => kept.delete(close)
      },
    }
    const { paged, fed, released } = open(owner)
    expect(kept.size).toBe(2)
    await paged.close()
    expect([kept.size, released()]).toEqual([1, 1])
    fed.finish(new Error('lost'))
    await expect(fed.next()).rejects.toThrow('lost')
    await fed.close()
    expect([kept.size, released()]).toEqual([0, 2])
  })

  test('that is opened on a closed one gives nothing', async () => {
    const log = new CloseTree()
    await log.close()
    const { paged, fed } = open(log)
    for (const scanner of [paged, fed]) {
      await expect(scanner.ready()).rejects.toMatchObject({ code: 'WAL_CLOSED' })
      expect(await scanner.next()).toBe(undefined)
    }
  })
})
