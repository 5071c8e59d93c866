const hanging = 'packages/core/test/lifetimes/hanging-backend.test.ts'

export const lifetimeMutants = [
  {
    name: 'connecting takes none of an open’s time',
    file: 'packages/core/src/open.ts',
    find: '{ signal, failed } })',
    replace: '{ failed: signal ? failed : failed } })',
    harness: hanging,
  },
  {
    name: 'an opener closes its WALs one by one',
    file: 'packages/core/src/adaptor/opener-adaptor.ts',
    find: "new CloseTree(() => this.#release(), undefined, 'together')",
    replace: 'new CloseTree(() => this.#release())',
    harness: hanging,
  },
  {
    name: 'what a backend never closes is waited for',
    file: 'packages/core/src/lifetime/close-within.ts',
    find: 'if (await endsWithin(runtime, ms, closing)) return',
    replace: 'if (await closing.then(() => true)) return',
    harness: hanging,
  },
  {
    name: 'what a backend never closes is left behind in silence',
    file: 'packages/core/src/lifetime/close-within.ts',
    find: 'logger.warn({ ms }, ',
    replace: 'logger.debug({ ms }, ',
    harness: hanging,
  },
  {
    name: 'a closed writer is kept by the seat that it had',
    file: 'packages/core/src/writer/writer-seat.ts',
    find: '      if (writers.get(key) === writer) writers.delete(key)\n',
    replace: '      if (writers.get(key) !== writer) writers.delete(key)\n',
    harness: 'packages/impl-file/test/processes/leaks.test.ts',
  },
  {
    name: 'a turn of the event loop is what tests fake',
    file: 'packages/walimpls/src/runtime/event-loop.ts',
    find: 'new Promise((resolve) => immediate(resolve))',
    replace: 'new Promise((resolve) => setImmediate(resolve))',
    harness: 'packages/core/test/fake-timers.test.ts',
  },
]
