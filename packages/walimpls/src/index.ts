export { type Batch, batchOf, packedBatch } from './batch.js'
export type { BackendOptions, BuildWaits, OpenerBuilderImpls } from './builder.js'
export { CHANNEL_NAME_RULE, checkChannelName, isChannelName } from './channel.js'
export { AppendError, type AppendErrorOptions, type AppendOutcome, outcomeOf } from './errors/append-error.js'
export { corrupt } from './errors/corrupt.js'
export { ERROR_CODES, type ErrorCode } from './errors/error-code.js'
export { invalidArgument } from './errors/invalid-argument.js'
export { LogRolledBackError, type LogRolledBackErrorOptions } from './errors/log-rolled-back-error.js'
export {
  PositionTruncatedError,
  type PositionTruncatedErrorOptions,
} from './errors/position-truncated-error.js'
export { WalError, type WalErrorOptions } from './errors/wal-error.js'
export { encodeInt64, encodeUint64, parseDecimal, parseInt64, parseUint64 } from './message/encoding.js'
export { type Envelope, HIGHEST_READABLE_VERSION, propertyOf, readEnvelope } from './message/envelope.js'
export type { MessageId, MessageIdCodec, PackedIds } from './message/message-id.js'
export {
  FIRST_APPLICATION_TYPE,
  MESSAGE_TYPE,
  type MessageType,
  type MessageTypeFlags,
  messageTypeOf,
  registerMessageType,
} from './message/message-type.js'
export { recordBytes } from './message/record-bytes.js'
export { MESSAGE_FORMAT_VERSION, RESERVED } from './message/reserved-keys.js'
export { isWellFormed, utf8Length } from './message/text.js'
export {
  LOGICAL_BITS,
  LOGICAL_LIMIT,
  MAX_TIME_TICK,
  millisecondsOf,
  type TimeTick,
  timeTickOf,
} from './message/time-tick.js'
export {
  checkPropertyMap,
  checkUserProperty,
  reservedPropertyMap,
  userPropertyList,
  userPropertyMap,
} from './message/user-properties.js'
export type { PropertyList, StoredMessage, WireMessage } from './message/wire-message.js'
export type { OpenerImpls } from './opener.js'
export type { FilledOptions, OptionSpec, OptionTable } from './option-table.js'
export { SPEC_VERSION } from './registry/compatibility.js'
export {
  getBuilder,
  listBackends,
  mustGetBuilder,
  registerBackend,
} from './registry/registry.js'
export type { RegistryEntry } from './registry/registry-entry.js'
export type { File, FileSystem } from './runtime/file-system.js'
export type { Runtime, Timer } from './runtime/runtime.js'
export { systemRuntime } from './runtime/system-runtime.js'
export type { ScannerImpls, ScannerOptions, StartPosition } from './scanner.js'
export type { DriverChoice, Guarantees, Limits, Traits } from './traits.js'
export type { ReadOnlyWALImpls, WALImpls, Waits } from './wal.js'
export type { Writer } from './writer.js'
