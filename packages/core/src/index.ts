export type {
  AppendOutcome,
  DriverChoice,
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
export type {
  InterceptedAppend,
  Interceptor,
  InterceptorBuilder,
  InterceptorContext,
} from './api/interceptor.js'
export type { Logger } from './api/logger.js'
export type { ChannelOptions, Opened, Opener, OpenerBuilder, OpenOptions } from './api/opener.js'
export type { Position } from './api/position.js'
export type {
  Delivery,
  Gap,
  Message,
  OrderViolation,
  ReadOptions,
  Scanner,
  ScannerElement,
  TimeTickMark,
} from './api/scanner.js'
export type {
  AppendOptions,
  AppendResolution,
  AppendResult,
  Channel,
  NewMessage,
  ReadOnlyWAL,
  WAL,
} from './api/wal.js'
export type { WalOptions } from './api/wal-options.js'
export { AppendBatchError } from './append/append-batch-error.js'
export { getBuilder, mustGetBuilder } from './builder.js'
export { type AdmissionCheck, admission } from './interceptor/admission.js'
export { redo } from './interceptor/redo.js'
export { type OpenWalOptions, openWal } from './open.js'
