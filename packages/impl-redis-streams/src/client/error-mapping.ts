import type { WalError } from '@wal/walimpls'
import {
  certificateAdvice,
  type ErrorMeaning,
  type ErrorRow,
  ErrorTable,
  scrubbedError,
  textOf,
  tlsErrorRows,
} from '@wal/walimpls/helper'

/** The meaning of an error for which the server certainly changed nothing: an append is not written. */
const refused = (retryable: boolean, advice?: string): ErrorMeaning => ({
  retryable,
  outcome: 'not-written',
  ...(advice === undefined ? {} : { advice }),
})

const TLS = { server: 'server', authority: 'redis: { tls: { ca } }' }

const ACL_ADVICE =
  'The user lacks a permission; the ACL rules needed are in the README of @wal/impl-redis-streams.'

/**
 * The meaning of a server's error, by the first word of the reply. The server sends each of these before it changes anything.
 */
const REPLIES: Readonly<Record<string, ErrorMeaning>> = {
  OOM: {
    ...refused(
      true,
      'The server is out of memory (maxmemory): truncate logs or give it more; appends go on by themselves then.',
    ),
    code: 'WAL_STORAGE_FULL',
  },
  MISCONF: refused(true, 'The server cannot persist and refuses writes: see its log and its disk.'),
  NOREPLICAS: refused(true, 'Fewer replicas are connected than min-replicas-to-write asks for.'),
  READONLY: refused(
    true,
    'This server is a replica: a failover is under way, or the address is not that of the primary.',
  ),
  MASTERDOWN: refused(true),
  LOADING: refused(true),
  BUSY: refused(true, 'A script of somebody keeps the server busy.'),
  TRYAGAIN: refused(true),
  CLUSTERDOWN: refused(true),
  MOVED: refused(true, 'The server is a node of a Cluster: build the opener with cluster: true.'),
  ASK: refused(true),
  NOSCRIPT: refused(true),
  NOAUTH: refused(false, 'The server asks for a user and password.'),
  WRONGPASS: refused(false, 'The user or the password is not the right one.'),
  NOPERM: refused(false, ACL_ADVICE),
  NOPROTO: refused(false),
  CROSSSLOT: refused(false),
  WRONGTYPE: refused(false, 'A key of this name belongs to another application: choose another prefix.'),
}

/** The meaning of errors that only the text of the server or of ioredis identifies. */
const TEXTS: readonly ErrorRow[] = [
  {
    text: /The ID specified in XADD/,
    ...refused(false, 'Somebody else adds entries to the stream.'),
    code: 'WAL_CORRUPT',
  },
  { text: /user executing the script can't/, ...refused(false, ACL_ADVICE) },
  { text: /max number of clients/, ...refused(true) },
  {
    text: /unknown (command|subcommand)/,
    ...refused(false, 'Redis from version 6.2 on is needed, with scripting allowed.'),
  },
  // ioredis passes some TLS errors on as text only, without their code.
  {
    text: /self-signed certificate|unable to verify the first certificate|certificate has expired|does not match certificate's altnames/,
    ...refused(false, certificateAdvice(TLS)),
  },
  // The text with which ioredis rejects a command that it did not send.
  { text: /enableOfflineQueue options is false/, ...refused(true) },
]

/** All rows of the table, in order. TLS codes come first; errors inside a script are then found by their text. */
const rows: readonly ErrorRow[] = [
  ...tlsErrorRows(TLS),
  ...TEXTS,
  ...Object.entries(REPLIES).map(([word, meaning]) => ({ names: [word], ...meaning })),
]

/** The meaning of a lost connection or a missing answer: the server may have executed the command. */
const SILENCE: ErrorMeaning = { retryable: true, outcome: 'unknown' }

/**
 * The first word of a server's error reply, such as `OOM`. Redis 6 puts other words before it when the error comes from within
 * a script.
 */
export function replyCode(error: unknown): string | undefined {
  if (!isReply(error)) return undefined
  const text = textOf(error)
  const inner = /^ERR Error running script.*?: ?-([A-Z]{2,}) /.exec(text)
  return (inner ?? /^([A-Z]{2,})(?: |$)/.exec(text))?.[1]
}

const table = new ErrorTable({ rows, namesOf, otherwise, scrubbed, shown: withoutScript })

/**
 * Maps an error of ioredis or of the system to a `WalError`; a `WalError` passes unchanged. `doing` begins the message:
 * `appending to orders`. `trouble` is the client's last connection error, which errors of single commands do not mention. The
 * cause is a copy without arguments and options, since errors of ioredis carry the command, and so the password of AUTH.
 */
export function mapError(error: unknown, doing: string, trouble?: unknown): WalError {
  return table.map(error, doing, { trouble })
}

/** Maps the error of an append, and says with which outcome the append failed. */
export function mapAppendError(error: unknown, doing: string, trouble?: unknown): WalError {
  return table.mapAppend(error, doing, { trouble })
}

/** Removes a script's digest and line number from a text: they tell users nothing. The cause keeps them. */
function withoutScript(said: string): string {
  return said.replace(/\s*script: [0-9a-f]{40}, on @user_script:\d+/, '')
}

/**
 * Whether a script of this package failed on what it found in the log: a value of another kind, or an invalid id. Only another
 * program can have stored such a value.
 */
export function isScriptFailure(error: unknown): boolean {
  const failure = /Invalid stream ID|user_script:\s*\d+: .*(attempt to |bad argument)/s
  return isReply(error) && failure.test(textOf(error))
}

function namesOf(error: unknown): readonly string[] {
  const system = (error as { code?: unknown } | null)?.code
  return [system, replyCode(error)].filter((name) => typeof name === 'string')
}

function otherwise(error: unknown): ErrorMeaning {
  if (replyCode(error) !== undefined) return { retryable: false, outcome: 'unknown' }
  const inner = nodeError(error)
  return inner === undefined ? SILENCE : table.meaningOf(inner)
}

/** A copy of a driver's error that may be shown: name, code and text. */
export function scrubbed(error: unknown): Error & { readonly code?: string } {
  const inner = nodeError(error)
  const copy = scrubbedError(textOf(error) === '' ? (inner ?? error) : error, withoutArguments)
  if (inner !== undefined) copy.message += ` (${scrubbed(inner).message})`
  return copy
}

function withoutArguments(said: string): string {
  return said.replace(/,? with args beginning with:.*$/s, '')
}

/** In a Cluster: the error of the node that was asked last, if ioredis has noted one. */
function nodeError(error: unknown): unknown {
  return (error as { lastNodeError?: unknown } | null)?.lastNodeError ?? undefined
}

/**
 * Whether the error is a server's reply. Compared by name: the package redis-errors, which defines the class, may be installed
 * more than once.
 */
function isReply(error: unknown): boolean {
  return (
    error instanceof Error &&
    /ReplyError|SimpleError|BlobError/.test(`${error.name} ${error.constructor.name}`)
  )
}
