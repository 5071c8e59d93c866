import { ERROR_CODES } from '@wal/walimpls'
import { expect, test } from 'vitest'
import { testErrorsPage } from '../../../../tools/errors-page/errors-page.js'
import { cleanLogs } from '../harness.js'
import { BAD_INPUT } from './bad-input.js'
import { BAD_OPTIONS } from './bad-options.js'
import { BAD_INTERCEPTORS, INTERCEPTOR_STATES } from './interceptor-states.js'
import { BAD_PLACES, RECORD_STATES } from './record-states.js'
import { STATES } from './states.js'

cleanLogs()

/** Codes whose texts come from a backend's server or disk, so the errors pages of the backends show them. */
const ELSEWHERE = ['WAL_STORAGE_FULL', 'WAL_UNAVAILABLE']

const cases = [
  ...BAD_INPUT,
  ...BAD_PLACES,
  ...BAD_INTERCEPTORS,
  ...BAD_OPTIONS,
  ...STATES,
  ...INTERCEPTOR_STATES,
  ...RECORD_STATES,
]

testErrorsPage({ file: 'errors.md', cases, steady, render })

test('every error code is on the page', () => {
  const codes = [...new Set(cases.map(({ code }) => code)), ...ELSEWHERE]
  expect(codes.sort()).toEqual(Object.keys(ERROR_CODES).sort())
})

/** Parts of error texts that differ from run to run: time ticks, positions, waits. */
function steady(text: string): string {
  return text
    .replace(/\b\d{15,}\b/g, '466000000000000000')
    .replace(/\b3\d{6} ms/g, '3600000 ms')
    .replace(/identity [\w-]{10,}/g, 'identity 5f0c…')
    .replace(/log's is [\w-]{10,}/g, "log's is 81d2…")
    .replace(/\bwal1:[\w:+-]+/g, 'wal1:memory:…')
}

function render(states: string, inputs: string): string {
  return `# Errors

Every error of this library is a \`WalError\`: \`code\` is for programs, \`retryable\` says whether the same call may succeed when
it is simply made again, \`cause\` is the failure behind it. Errors of appends are \`AppendError\`s, whose \`outcome\` is
\`not-written\` or \`unknown\`. This page is made by a test, from errors that it brings about. Long numbers are shortened.

What only one backend says stands on its own page: [the file backend](errors-file.md),
[Redis Streams](errors-redis-streams.md), [Kafka](errors-kafka.md), [Pulsar](errors-pulsar.md). What authors of backends and of tests are told:
[errors for authors](errors-for-authors.md).

${states}

\`WAL_STORAGE_FULL\` comes from a storage without room: a full disk, a used-up quota, a server at its memory limit. Appends wait
and are sent again. \`truncate\` frees room, and needs none for that.

\`WAL_UNAVAILABLE\` comes from a backend that can't be reached, or can't serve now. Its text is the failure's. Appends and readers
try again by themselves; an open does so until \`openTimeoutMs\`.

## Bad input

\`WAL_INVALID_ARGUMENT\`, before anything is sent. The text says what is accepted.

${inputs}
`
}
