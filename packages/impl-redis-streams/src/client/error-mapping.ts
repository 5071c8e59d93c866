import { AppendError, type AppendOutcome, type ErrorCode, WalError } from '@wal/walimpls'

/** What an error of Redis means: whether it may pass, whether the command certainly did nothing, what to do. */
interface Meaning {
  readonly retryable: boolean
  readonly outcome: AppendOutcome
  readonly advice?: string
  readonly code?: ErrorCode
}

const refused = (retryable: boolean, advice?: string): Meaning => ({
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
const REPLIES: Readonly<Record<string, Meaning>> = {
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
const TEXTS: readonly (readonly [RegExp, Meaning])[] = [
  [
    /The ID specified in XADD/,
    {
      ...refused(false, 'Somebody else adds entries to the stream.'),
      code: 'WAL_CORRUPT',
    },
  ],
  [/user executing the script can't/, refused(false, ACL_ADVICE)],
  [/max number of clients/, refused(true)],
  [
    /unknown (command|subcommand)/,
    refused(false, 'Redis from version 6.2 on is needed, with scripting allowed.'),
  ],
  // What remains of an error of TLS where ioredis quotes its text.
  [
    /self-signed certificate|unable to verify the first certificate|certificate has expired|does not match certificate's altnames/,
    refused(false, CERTIFICATE_ADVICE),
  ],
  // ioredis' words for a command that it did not send.
  [/enableOfflineQueue options is false/, refused(true)],
]

/** A connection that ended, an answer that did not come: the server may have done it. */
const SILENCE: Meaning = { retryable: true, outcome: 'unknown' }

/** The word with which the server's reply begins, also when a script passed it on (as Redis 6 does, behind other words). */
export function replyCode(error: unknown): string | undefined {
  if (!isReply(error)) return undefined
  const text = messageOf(error)
  const inner = /^ERR Error running script.*?: ?-([A-Z]{2,}) /.exec(text)
  return (inner ?? /^([A-Z]{2,})(?: |$)/.exec(text))?.[1]
}

/**
 * An error of ioredis or of the system as one of ours; ours pass. `doing` begins the sentence: `appending to orders`;
 * `trouble` is what the client last said of its connection, of which errors of commands know nothing. The cause is a copy
 * without arguments and options: ioredis' errors carry the command, the password of AUTH included.
 */
export function mapError(error: unknown, doing: string, trouble?: unknown): WalError {
  if (WalError.isInstance(error)) return error
  const { retryable, code = 'WAL_UNAVAILABLE' } = meaningOf(error)
  const { text, cause } = described(error, doing, trouble)
  return new WalError(code, text, { retryable, cause })
}

/** The same for a call that appends: with the outcome that the append has by it. */
export function mapAppendError(error: unknown, doing: string, trouble?: unknown): WalError {
  if (WalError.isInstance(error)) return error
  const { retryable, outcome, code = 'WAL_UNAVAILABLE' } = meaningOf(error)
  const { text, cause } = described(error, doing, trouble)
  return new AppendError(code, text, { outcome, retryable, cause })
}

function described(error: unknown, doing: string, trouble: unknown): { text: string; cause: Error } {
  const { advice } = meaningOf(error)
  const cause = scrubbed(error)
  const help = advice === undefined ? '' : `. ${advice}`
  const why = trouble === undefined ? '' : `. The connection: ${scrubbed(trouble).message}`
  return { text: `${doing} failed: ${withoutScript(cause.message)}${help}${why}`, cause }
}

/** Which of our scripts it was, and on which line, says nothing to users; the cause still has it. */
function withoutScript(said: string): string {
  return said.replace(/\s*script: [0-9a-f]{40}, on @user_script:\d+/, '').replace(/\.+$/, '')
}

/**
 * Whether a script of ours failed in itself, or made an id of what it found: that is not what this package puts on a
 * server.
 */
export function isScriptFailure(error: unknown): boolean {
  const failure = /Invalid stream ID|user_script:\s*\d+: .*(attempt to |bad argument)/s
  return isReply(error) && failure.test(messageOf(error))
}

function meaningOf(error: unknown): Meaning {
  const text = messageOf(error)
  const system = (error as { code?: unknown } | null)?.code
  if (typeof system === 'string') {
    if (TLS_CODES.test(system)) return refused(false, CERTIFICATE_ADVICE)
    if (NO_TLS_THERE.test(system)) return refused(false, NO_TLS_ADVICE)
  }
  for (const [pattern, meaning] of TEXTS) if (pattern.test(text)) return meaning
  const code = replyCode(error)
  if (code !== undefined) return REPLIES[code] ?? { retryable: false, outcome: 'unknown' }
  const inner = (error as { lastNodeError?: unknown } | null)?.lastNodeError
  if (inner !== undefined && inner !== null) return meaningOf(inner)
  return SILENCE
}

/** What may be shown of a driver's error: name, code and text. */
export function scrubbed(error: unknown): Error & { code?: string } {
  const { name, code, errors, lastNodeError } = (error ?? {}) as Record<string, unknown>
  const first = Array.isArray(errors) ? errors[0] : lastNodeError
  const text = messageOf(error) || messageOf(first)
  const said = text.replace(/,? with args beginning with:.*$/s, '')
  const tail = lastNodeError ? ` (${scrubbed(lastNodeError).message})` : ''
  const copy: Error & { code?: string } = new Error(said + tail)
  copy.name = typeof name === 'string' ? name : 'Error'
  if (typeof code === 'string') copy.code = code
  return copy
}

/** Errors of replies come from redis-errors, of which there may be several copies: by name, not by class. */
function isReply(error: unknown): boolean {
  return (
    error instanceof Error &&
    /ReplyError|SimpleError|BlobError/.test(`${error.name} ${error.constructor.name}`)
  )
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : typeof error === 'string' ? error : ''
}
