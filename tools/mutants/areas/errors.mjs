const appendError = 'packages/core/src/append/append-error.ts'
const reasons = 'packages/core/test/reasons.test.ts'
const extra = 'packages/core/test/interceptor-extra.test.ts'

export const errorMutants = [
  {
    name: 'who waits is not told the last failure',
    file: 'packages/core/src/diagnostics/trouble.ts',
    find: 'return error === undefined ?',
    replace: 'return error !== error ? String(error) : true ?',
    harness: reasons,
  },
  {
    name: 'a deadline hides the failure behind it',
    file: appendError,
    find: 'cause: byDeadline ? (failure ?? cause) : cause,',
    replace: 'cause,',
    harness: reasons,
  },
  {
    name: 'an abort’s reason is replaced by the last failure',
    file: appendError,
    find: 'cause: byDeadline ? (failure ?? cause) : cause,',
    replace: 'cause: failure ?? cause,',
    harness: reasons,
  },
  {
    name: 'an open that outlasts failures does not remember them',
    file: 'packages/core/src/writer/reassert-fence.ts',
    find: 'failed: (error) => trouble.failed(error, OPENING_FAILED)',
    replace: 'failed: (error) => void [error, trouble, OPENING_FAILED]',
    harness: reasons,
  },
  {
    name: 'a failure that lasts is warned of at every attempt',
    file: 'packages/core/src/diagnostics/trouble.ts',
    find: 'const quiet = this.#failures > 1 && ',
    replace: 'const quiet = this.#failures < 0 && ',
    harness: reasons,
  },
  {
    name: 'a call on a writer that has ended seems worth another one',
    file: appendError,
    find: "{ outcome: 'not-written', cause: end, retryable: false }",
    replace: "{ outcome: 'not-written', cause: end, retryable: true }",
    harness: 'packages/core/test/retryable.test.ts',
  },
  {
    name: 'an append that the writer’s end takes along seems worth another one',
    file: appendError,
    find: '    return new AppendError(code, message, { ...options, retryable })',
    replace: '    return new AppendError(code, message, options)',
    harness: 'packages/core/test/retryable.test.ts',
  },
  {
    name: 'an open rejects with an append’s outcome',
    file: 'packages/core/src/writer/opening-record.ts',
    find: 'throw withoutOutcome(error)',
    replace: 'throw withoutOutcome && error',
    harness: 'packages/core/test/retryable.test.ts',
  },
  {
    name: 'options that are null pass',
    file: 'packages/core/src/options/waits.ts',
    find: "if (typeof waits !== 'object' || waits === null)",
    replace: "if (typeof waits !== 'object')",
    harness: 'packages/core/test/bad-waits.test.ts',
  },
  {
    name: 'whatever has listeners passes for a signal',
    file: 'packages/core/src/options/waits.ts',
    find: "    typeof aborted === 'boolean' &&\n",
    replace: '    aborted !== null &&\n',
    harness: 'packages/core/test/bad-waits.test.ts',
  },
  {
    name: 'what an interceptor adds to a result is thrown away',
    file: 'packages/core/src/interceptor/append-run.ts',
    find: 'return new ResultWithExtra(inner, (returned as { readonly extra: unknown }).extra)',
    replace: 'return new ResultWithExtra(inner, inner.extra)',
    harness: extra,
  },
  {
    name: 'Redis: a server at its maxmemory seems to be away',
    file: 'packages/impl-redis-streams/src/client/error-mapping.ts',
    find: "    code: 'WAL_STORAGE_FULL',\n",
    replace: '',
    harness: 'packages/impl-redis-streams/src/client/error-mapping.test.ts',
  },
  {
    name: 'bundles lose the in-memory backend of core',
    file: 'packages/core/package.json',
    find: '    "./dist/testing/*",\n',
    replace: '',
    harness: 'tools/test/side-effects.test.ts',
  },
]
