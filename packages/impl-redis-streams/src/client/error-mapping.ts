import type { WalError } from '@wal/walimpls'
import { type ErrorMeaning, type ErrorRow, ErrorTable, scrubbedError, textOf } from '@wal/walimpls/helper'

/** Raised before the server has changed anything. */
const refused = (retryable: boolean, advice?: string): ErrorMeaning => ({
  retryable,
  outcome: 'not-written',
  ...(advice === undefined ? {} : { advice }),
})

const CERTIFICATE_ADVICE =
  'The certificate is not one to trust: give the authority that signed it (`redis: { tls: { ca } }`), or mend the certificate.'

/** By the code of an error of TLS: somebody has to change a certificate or the options. */
const TLS_CODES =
  /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_(VERIFY|GET|DECRYPT|DECODE)_\w+|CERT_\w+|INVALID_(CA|PURPOSE)|PATH_LENGTH_EXCEEDED|HOSTNAME_MISMATCH|ERR_TLS_CERT_\w+)$/
const NO_TLS_ADVICE = 'The server does not speak TLS at this address: leave TLS out, or give its TLS port.'
const NO_TLS_THERE = /^(ERR_SSL_WRONG_VERSION_NUMBER|ERR_SSL_PACKET_LENGTH_TOO_LONG)$/

const ACL_ADVICE =
  'The user lacks a permission; the ACL rules needed are in the README of @wal/impl-redis-streams.'

/** By the first word of the server's reply. Each is raised before the server has changed anything. */
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

/** By what else the server or ioredis says. */
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
  // What remains of an error of TLS where ioredis quotes its text.
  {
    text: /self-signed certificate|unable to verify the first certificate|certificate has expired|does not match certificate's altnames/,
    ...refused(false, CERTIFICATE_ADVICE),
  },
  // ioredis' words for a command that it did not send.
  { text: /enableOfflineQueue options is false/, ...refused(true) },
]

/** The first that fits counts: a certificate is told by its code, what a script passed on by its text. */
const rows: readonly ErrorRow[] = [
  { names: TLS_CODES, ...refused(false, CERTIFICATE_ADVICE) },
  { names: NO_TLS_THERE, ...refused(false, NO_TLS_ADVICE) },
  ...TEXTS,
  ...Object.entries(REPLIES).map(([word, meaning]) => ({ names: [word], ...meaning })),
]

/** A connection that ended, an answer that did not come: the server may have done it. */
const SILENCE: ErrorMeaning = { retryable: true, outcome: 'unknown' }

/** The word with which the server's reply begins, also when a script passed it on (as Redis 6 does, behind other words). */
export function replyCode(error: unknown): string | undefined {
  if (!isReply(error)) return undefined
  const text = textOf(error)
  const inner = /^ERR Error running script.*?: ?-([A-Z]{2,}) /.exec(text)
  return (inner ?? /^([A-Z]{2,})(?: |$)/.exec(text))?.[1]
}

const table = new ErrorTable({ rows, namesOf, otherwise, scrubbed, shown: withoutScript })

/**
 * An error of ioredis or of the system as one of ours; ours pass. `doing` begins the sentence: `appending to orders`;
 * `trouble` is what the client last said of its connection, of which errors of commands know nothing. The cause is a copy
 * without arguments and options: ioredis' errors carry the command, the password of AUTH included.
 */
export function mapError(error: unknown, doing: string, trouble?: unknown): WalError {
  return table.map(error, doing, { trouble })
}

/** The same for a call that appends: with the outcome that the append has by it. */
export function mapAppendError(error: unknown, doing: string, trouble?: unknown): WalError {
  return table.mapAppend(error, doing, { trouble })
}

/** Which of our scripts it was, and on which line, says nothing to users; the cause still has it. */
function withoutScript(said: string): string {
  return said.replace(/\s*script: [0-9a-f]{40}, on @user_script:\d+/, '')
}

/**
 * Whether a script of ours failed in itself, or made an id of what it found: that is not what this package puts on a
 * server.
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

/** What may be shown of a driver's error: name, code and text. */
export function scrubbed(error: unknown): Error & { readonly code?: string } {
  const inner = nodeError(error)
  const copy = scrubbedError(textOf(error) === '' ? (inner ?? error) : error, withoutArguments)
  if (inner !== undefined) copy.message += ` (${scrubbed(inner).message})`
  return copy
}

function withoutArguments(said: string): string {
  return said.replace(/,? with args beginning with:.*$/s, '')
}

/** Of a Cluster: why the node that was asked last did not answer. */
function nodeError(error: unknown): unknown {
  return (error as { lastNodeError?: unknown } | null)?.lastNodeError ?? undefined
}

/** Errors of replies come from redis-errors, of which there may be several copies: by name, not by class. */
function isReply(error: unknown): boolean {
  return (
    error instanceof Error &&
    /ReplyError|SimpleError|BlobError/.test(`${error.name} ${error.constructor.name}`)
  )
}
