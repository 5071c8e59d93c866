import { WalError } from '@wal/walimpls'
import { CallFailure } from '@wal/walimpls/helper'
import { expect, test } from 'vitest'
import { mapAppendError, mapError } from './error-table.js'
import { PulsarError } from './pulsar-error.js'

const CASES: readonly (readonly [error: Error, meaning: string, text?: RegExp])[] = [
  [new PulsarError('ProducerFenced', 'Producer is fenced'), 'WAL_FENCED no not-written', /Another producer/],
  [new PulsarError('ProducerBusy', 'Producer with name'), 'WAL_FENCED no not-written'],
  [
    new PulsarError('PersistenceError', 'Producer is closed'),
    'WAL_FENCED no unknown',
    /has closed this writer/,
  ],
  [new PulsarError('PersistenceError', 'Bookie failed'), 'WAL_UNAVAILABLE yes unknown', /logs of the broker/],
  [new PulsarError('ChecksumError', 'Checksum failed'), 'WAL_UNAVAILABLE yes unknown', /damages data/],
  [
    new PulsarError('ProducerBlockedQuotaExceededError', 'backlog quota exceeded'),
    'WAL_STORAGE_FULL yes not-written',
    /backlog quota of the namespace.*set-backlog-quota/,
  ],
  [
    new PulsarError('ProducerBlockedQuotaExceededException', 'backlog quota exceeded'),
    'WAL_STORAGE_FULL yes not-written',
  ],
  [
    new PulsarError('TopicTerminatedError', 'terminated'),
    'WAL_UNAVAILABLE no not-written',
    /Choose another channel/,
  ],
  [new PulsarError('ServiceNotReady', 'Topic is being unloaded'), 'WAL_UNAVAILABLE yes not-written'],
  [new PulsarError('TopicNotFound', 'Topic does not exist'), 'WAL_CHANNEL_NOT_FOUND no not-written'],
  [
    new PulsarError('TopicNotFound', 'Namespace not found'),
    'WAL_UNAVAILABLE yes not-written',
    /namespaces create/,
  ],
  [new PulsarError('AuthenticationError', 'bad token'), 'WAL_UNAVAILABLE no not-written', /Mend the token/],
  [new PulsarError('AuthorizationError', 'not allowed'), 'WAL_UNAVAILABLE no not-written', /README/],
  [new PulsarError('SomethingNew', 'what'), 'WAL_UNAVAILABLE yes unknown'],
  [new CallFailure('the connection was lost'), 'WAL_UNAVAILABLE yes unknown'],
  [Object.assign(new Error('x'), { code: 'ECONNREFUSED' }), 'WAL_UNAVAILABLE yes unknown'],
  [
    Object.assign(new Error('x'), { code: 'SELF_SIGNED_CERT_IN_CHAIN' }),
    'WAL_UNAVAILABLE no not-written',
    /tlsOptions/,
  ],
  [
    Object.assign(new Error('x'), { code: 'ERR_SSL_WRONG_VERSION_NUMBER' }),
    'WAL_UNAVAILABLE no not-written',
    /TLS/,
  ],
]

test.each(CASES.map(([error, meaning, text = /./]) => ({ error, meaning, text })))(
  '$error of an append is told as $meaning',
  ({ error, meaning, text }) => {
    const mapped = mapAppendError(error, 'appending to orders')
    const { code, retryable, outcome } = mapped as WalError & { readonly outcome: string }
    expect(`${code} ${retryable ? 'yes' : 'no'} ${outcome}`).toBe(meaning)
    expect(mapped.message).toMatch(text)
    expect(mapped.message).toMatch(/^appending to orders failed: /)
    expect(mapError(error, 'reading orders')).toMatchObject({ code, retryable })
  },
)

test('an error that is mapped already stays as it is, and gets an outcome', () => {
  const error = new WalError('WAL_CORRUPT', 'damaged')
  expect(mapError(error, 'reading')).toBe(error)
  expect(mapAppendError(error, 'appending', 'unknown')).toMatchObject({
    code: 'WAL_CORRUPT',
    outcome: 'unknown',
  })
})
