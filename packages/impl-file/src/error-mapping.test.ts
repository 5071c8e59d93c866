import assert from 'node:assert/strict'
import { test } from 'vitest'
import { mapAppendError, mapError } from './error-mapping.js'

const withCode = (code: string): Error => Object.assign(new Error(`${code}: said the system`), { code })

test.each(['ENOSPC', 'EDQUOT'])('%s: the storage has no room, and appends wait for some', (code) => {
  for (const error of [mapError(withCode(code), 'x'), mapAppendError(withCode(code), 'x', 'not-written')])
    assert.deepEqual([error.code, error.retryable], ['WAL_STORAGE_FULL', true])
})

test.each(['EIO', 'EMFILE', 'ENFILE', 'EROFS', 'EACCES', 'EFBIG', 'ENOENT'])(
  '%s is no lack of room that a truncation could help',
  (code) => {
    const error = mapAppendError(withCode(code), 'x', 'unknown')
    assert.deepEqual([error.code, error.outcome], ['WAL_UNAVAILABLE', 'unknown'])
  },
)
