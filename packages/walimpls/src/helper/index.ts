export {
  PAYLOAD_LENGTH_BYTES,
  packedRecordBytes,
  readPayloadLength,
  readRecord,
  writePayloadLength,
  writeRecord,
} from '../message/packed-record.js'
export {
  decodeProperties,
  encodeProperties,
  lengthBytes,
  packedBytes,
  packedTextBytes,
  propertiesBound,
  readLength,
  readProperties,
  textsBound,
  writeLength,
  writeProperties,
  writeText,
  writeTexts,
} from '../message/property-codec.js'
export { isSameText, readUtf8 } from '../message/read-text.js'
export type { AppendBounds } from './append-bounds.js'
export { AppendTurns } from './append-turns.js'
export { type BackendUrl, parseBackendUrl } from './backend-url.js'
export { type BackoffOptions, backoffMs } from './backoff.js'
export { Bell, BellListener } from './bell.js'
export { ByteQueue } from './byte-queue.js'
export { type CloseOrder, CloseTree } from './close-tree.js'
export { BadCompression } from './compression/bounded-output.js'
export { decompressLz4, decompressLz4Block } from './compression/lz4.js'
export { decompressSnappy, decompressSnappyBlock } from './compression/snappy.js'
export { decompressZlib } from './compression/zlib.js'
export { decompressInJavaScript as decompressZstdInJavaScript, decompressZstd } from './compression/zstd.js'
export { crc32c, crc32cOf, crcOfChange } from './crc32c.js'
export { type Deferred, deferred } from './deferred.js'
export { endsWithin } from './ends-within.js'
export {
  type ErrorContext,
  type ErrorMeaning,
  type ErrorRow,
  ErrorTable,
  type ErrorTableParts,
} from './error-table.js'
export { FedScanner, type FedScannerParts } from './fed-scanner.js'
export { type BackendHost, hostText, parseHosts } from './hosts.js'
export { Lifetime, type LifetimeOptions } from './lifetime.js'
export { notWritten, notWrittenBehind, stillUnknown } from './not-written.js'
export { type NumberId, type NumberIdCodec, numberIdCodec } from './number-id.js'
export { abortable, onAbort } from './on-abort.js'
export { readOptions } from './option-reader.js'
export { PagedScanner, type PagedScannerParts } from './paged-scanner.js'
export { PipelinedAppends, type PipelinedAppendsParts } from './pipelined-appends.js'
export { ReadAhead } from './read-ahead.js'
export { redactUrl } from './redact-url.js'
export { Refreshed, type RefreshedParts } from './refreshed.js'
export { type RetryOptions, retry } from './retry.js'
export { ScannerEnd } from './scanner-end.js'
export { scrubbedError, textOf } from './scrubbed-error.js'
export { CallFailure, SettlingCalls, type SettlingCallsOptions } from './settling-calls.js'
export { sleep } from './sleep.js'
export { checkKept, keptRun, type LogBounds, startValue } from './start-position.js'
export { brokenHandshakeRow, certificateAdvice, type TlsAdvice, tlsErrorRows } from './tls-error-rows.js'
export { recordTooLarge, tooLargeIn } from './too-large.js'
export { unknownOption } from './unknown-option.js'
export { optionsFromUrl } from './url-options.js'
export { WakeList } from './wake-list.js'
export { type WakeUpListener, WakeUps, type WakeUpsParts } from './wake-ups.js'
export { withMethods } from './with-methods.js'
