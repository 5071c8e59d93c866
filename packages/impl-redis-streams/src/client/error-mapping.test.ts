import assert from 'node:assert/strict'
import { test } from 'vitest'
import { isScriptFailure, mapAppendError, mapError } from './error-mapping.js'

const withCode = (code: string): Error => Object.assign(new Error(`said ${code}`), { code })

test.each([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REVOKED',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'HOSTNAME_MISMATCH',
])('%s is final, with advice', (code) => {
  const error = mapError(withCode(code), 'connecting')
  assert.deepEqual([error.code, error.retryable], ['WAL_UNAVAILABLE', false])
  assert.match(error.message, /^connecting failed: said \w+\. The certificate is not one to trust: give /)
})

test.each(['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG'])(
  '%s: TLS was spoken to a port without it',
  (code) => {
    const error = mapError(withCode(code), 'connecting')
    assert.equal(error.retryable, false)
    assert.match(error.message, /does not speak TLS at this address: leave TLS out/)
  },
)

test.each(['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', 'EPIPE'])(
  '%s may pass',
  (code) => {
    assert.equal(mapError(withCode(code), 'connecting').retryable, true)
  },
)

test('a server at its maxmemory has no room, whichever version says so; one that can’t persist is unavailable', () => {
  const reply = (text: string) => Object.assign(new Error(text), { name: 'ReplyError' })
  for (const text of [
    "OOM command not allowed when used memory > 'maxmemory'.",
    "OOM command not allowed when used memory > 'maxmemory'. script: ff0c, on @user_script:70.",
    "ERR Error running script (call to f_ff0c): @user_script:1: @user_script: 1: -OOM command not allowed when used memory > 'maxmemory'.",
  ])
    for (const map of [mapError, mapAppendError]) {
      const { code, retryable } = map(reply(text), 'appending')
      assert.deepEqual([code, retryable], ['WAL_STORAGE_FULL', true], text)
    }
  for (const text of ['MISCONF Redis is configured to save RDB snapshots', 'READONLY You can’t write'])
    assert.equal(mapAppendError(reply(text), 'appending').code, 'WAL_UNAVAILABLE', text)
})

test('only what appends gets an outcome', () => {
  const error = withCode('ECONNRESET')
  assert.equal('outcome' in mapError(error, 'reading'), false)
  assert.equal((mapAppendError(error, 'appending') as { outcome?: string }).outcome, 'unknown')
})

test('a failure of a script itself is told from what a command in it answered', () => {
  const reply = (text: string) => Object.assign(new Error(text), { name: 'ReplyError' })
  const failed = [
    'ERR user_script:62: attempt to compare nil with number script: ff0c, on @user_script:62.',
    "ERR user_script:38: bad argument #2 to 'max' (number expected, got nil) script: ff0c, on @user_script:38.",
    'ERR Error running script (call to f_ff0c): @user_script:62: user_script:62: attempt to compare nil with number',
    'ERR Invalid stream ID specified as stream command argument',
  ]
  for (const text of failed) assert.equal(isScriptFailure(reply(text)), true, text)
  const passedOn = [
    "OOM command not allowed when used memory > 'maxmemory'. script: ff0c, on @user_script:70.",
    "ERR Error running script (call to f_ff0c): @user_script:1: @user_script: 1: -OOM command not allowed when used memory > 'maxmemory'.",
    'WRONGTYPE Operation against a key holding the wrong kind of value script: ff0c, on @user_script:33.',
  ]
  for (const text of passedOn) assert.equal(isScriptFailure(reply(text)), false, text)
})
