export type {
  AppendOutcome,
  ErrorCode,
  Guarantees,
  MessageType,
  MessageTypeFlags,
  OpenerBuilderImpls,
  Runtime,
  TimeTick,
  Waits,
} from '@wal/walimpls'
export {
  AppendError,
  ERROR_CODES,
  LogRolledBackError,
  listBackends,
  MESSAGE_TYPE,
  millisecondsOf,
  PositionTruncatedError,
  registerMessageType,
  systemRuntime,
  timeTickOf,
  WalError,
} from '@wal/walimpls'
export { AppendBatchError } from './append/append-batch-error.js'
export { getBuilder, mustGetBuilder } from './builder.js'
export type { Logger } from './diagnostics/logger.js'
export { type AdmissionCheck, admission } from './interceptor/admission.js'
export type {
  InterceptedAppend,
  Interceptor,
  InterceptorBuilder,
  InterceptorContext,
} from './interceptor/interceptor.js'
export { redo } from './interceptor/redo.js'
export { type OpenWalOptions, openWal } from './open.js'
export type { ChannelOptions, Opened, Opener, OpenerBuilder, OpenOptions } from './opener.js'
export type { WalOptions } from './options/wal-options.js'
export type { Position } from './position/position.js'
export type {
  Delivery,
  Gap,
  Message,
  OrderViolation,
  ReadOptions,
  Scanner,
  ScannerElement,
  TimeTickMark,
} from './scanner.js'
export type {
  AppendOptions,
  AppendResolution,
  AppendResult,
  Channel,
  NewMessage,
  ReadOnlyWAL,
  WAL,
} from './wal.js'
