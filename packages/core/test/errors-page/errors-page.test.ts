import { fileURLToPath } from 'node:url'
import { ERROR_CODES, WalError } from '@wal/walimpls'
import { expect, test } from 'vitest'
import { cleanLogs } from '../harness.js'
import { BAD_INPUT } from './bad-input.js'
import type { ErrorCase } from './error-case.js'
import { STATES } from './states.js'

cleanLogs()

const page = fileURLToPath(new URL('../../../../docs/errors.md', import.meta.url))

/** Their texts are those of a backend's server or disk, so they are told of in words. */
const ELSEWHERE = ['WAL_STORAGE_FULL', 'WAL_UNAVAILABLE']

const cases = [...BAD_INPUT, ...STATES]
const shown = new Map<ErrorCase, string>()

test.each(cases)('$code, $what', async (each) => {
  const error = await Promise.resolve()
    .then(each.make)
    .then(
      () => new Error('nothing was refused'),
      (error: unknown) => error,
    )
  expect(error).toSatisfy(WalError.isInstance)
  expect(error).toMatchObject({ code: each.code })
  shown.set(each, steady((error as WalError).message))
})

test('docs/errors.md shows every code, with the texts that these errors have', async () => {
  expect(shown.size).toBe(cases.length)
  const codes = [...new Set(cases.map(({ code }) => code)), ...ELSEWHERE]
  expect(codes.sort()).toEqual(Object.keys(ERROR_CODES).sort())
  await expect(render()).toMatchFileSnapshot(page)
})

/** What differs from run to run: time ticks, positions, waits. */
function steady(text: string): string {
  return text
    .replace(/\b\d{15,}\b/g, '466000000000000000')
    .replace(/\b3\d{6} ms/g, '3600000 ms')
    .replace(/identity [\w-]{10,}/g, 'identity 5f0c…')
    .replace(/log's is [\w-]{10,}/g, "log's is 81d2…")
    .replace(/\bwal1:[\w:+-]+/g, 'wal1:memory:…')
}

function render(): string {
  const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ')
  const rows = (list: readonly ErrorCase[]) =>
    list.map((each) => `| ${cell(shown.get(each) as string)} | ${each.what} | ${each.advice} |`).join('\n')
  return `# Errors

Every error of this library is a \`WalError\`: \`code\` is for programs, \`retryable\` says whether the same call may succeed when
it is simply made again, \`cause\` is the failure behind it. Errors of appends are \`AppendError\`s, whose \`outcome\` is
\`not-written\` or \`unknown\`. This page is made by a test, from errors that it brings about. Long numbers are shortened.

| as printed | why | what to do |
| --- | --- | --- |
${rows(cases.filter(({ advice }) => advice !== undefined))}

\`WAL_STORAGE_FULL\` comes from a storage without room: a full disk, a used-up quota, a server at its memory limit. Appends wait
and are sent again. \`truncate\` frees room, and needs none for that.

\`WAL_UNAVAILABLE\` comes from a backend that can't be reached, or can't serve now. Its text is the failure's. Appends and readers
try again by themselves; an open does so until \`openTimeoutMs\`.

## Bad input

\`WAL_INVALID_ARGUMENT\`, before anything is sent. The text says what is accepted.

| what was wrong | as printed |
| --- | --- |
${cases
  .filter(({ advice }) => advice === undefined)
  .map((each) => `| ${each.what} | ${cell(shown.get(each) as string)} |`)
  .join('\n')}
`
}
