import { WalError } from '../errors/wal-error.js'
import { isWellFormed } from '../message/text.js'
import { type BackendHost, HOST_RULE, parseHost } from './hosts.js'

/** The parts of a backend URL, decoded. A part that the URL does not have is absent or empty. */
export interface BackendUrl {
  readonly scheme: string
  /**
   * What follows the scheme in `memory:NAME`, `file:./data`, `file:/abs` and `file:///abs`. In a URL with hosts: what follows
   * their "/".
   */
  readonly path?: string
  readonly hosts: readonly BackendHost[]
  readonly user?: string
  readonly password?: string
  readonly query: ReadonlyMap<string, string>
}

/**
 * Parses a backend URL. `new URL` would turn `file:./data` into `/data`, and refuse a list of hosts. Every part is
 * percent-encoded, and "+" stands for itself, not for a space. Throws `WAL_INVALID_ARGUMENT`. The error quotes only the scheme,
 * since a password that was written without escapes may end up in any other part.
 */
export function parseBackendUrl(text: string): BackendUrl {
  const raw = splitBackendUrl(text)
  const { scheme } = raw
  const user = raw.user && decode(scheme, raw.user, 'the user')
  const password = raw.password && decode(scheme, raw.password, 'the password')
  const path = decode(scheme, raw.path, 'the path')
  return {
    scheme,
    ...(path === '' ? {} : { path: raw.hosts === undefined ? withoutDriveSlash(path) : path }),
    hosts: raw.hosts === undefined ? [] : raw.hosts.split(',').map((host, i) => hostAt(scheme, host, i + 1)),
    ...(user ? { user } : {}),
    ...(password ? { password } : {}),
    query: parseQuery(scheme, raw.query),
  }
}

/** The parts of a backend URL as they are written, still percent-encoded. */
export interface RawBackendUrl {
  readonly scheme: string
  readonly user?: string
  readonly password?: string
  readonly hosts?: string
  readonly path: string
  readonly query: string
}

/**
 * The form of a URL scheme: a backend's name, or another scheme that means the backend, such as `pulsar+ssl`. The signs are
 * those of RFC 3986, in lower case. A scheme has two characters or more, since `c:` begins a Windows path.
 */
export const SCHEME = /^([a-z][a-z0-9+.-]{1,31}):/

export function splitBackendUrl(text: string): RawBackendUrl {
  const match = typeof text === 'string' ? SCHEME.exec(text) : null
  if (match === null)
    throw new WalError(
      'WAL_INVALID_ARGUMENT',
      'A backend URL must begin with the name of a backend in lower case and ":", for example file:./data (a Windows path is written file:C:\\data).',
    )
  const scheme = match[1] as string
  const rest = text.slice(scheme.length + 1)
  if (/\p{Cc}/u.test(rest) || !isWellFormed(rest))
    throw refused(scheme, 'holds a control character or a lone surrogate')
  if (rest.includes('#')) throw refused(scheme, 'holds a "#", which is written %23')
  const mark = rest.indexOf('?')
  const before = mark < 0 ? rest : rest.slice(0, mark)
  const query = mark < 0 ? '' : rest.slice(mark + 1)
  if (!before.startsWith('//')) return { scheme, path: before, query }

  const slash = before.indexOf('/', 2)
  const authority = before.slice(2, slash < 0 ? undefined : slash)
  const path = slash < 0 ? '' : before.slice(slash)
  if (authority === '') return { scheme, path, query }
  const at = authority.indexOf('@')
  // A password with an unescaped "/", "?" or "@" would be cut in two, and its second part would pass for a host or a path.
  if (rest.indexOf('@', 2 + (at < 0 ? 0 : at + 1)) >= 0)
    throw refused(
      scheme,
      'holds an "@" too many: in a user, password, path or query it is written %40, "/" %2F, "?" %3F',
    )
  const hosts = authority.slice(at + 1)
  if (at < 0) return { scheme, hosts, path: path.slice(1), query }
  const colon = authority.slice(0, at).indexOf(':')
  const user = authority.slice(0, colon < 0 ? at : colon)
  const password = colon < 0 ? '' : authority.slice(colon + 1, at)
  return { scheme, user, password, hosts, path: path.slice(1), query }
}

function hostAt(scheme: string, text: string, ordinal: number): BackendHost {
  const host = parseHost(text.startsWith('[') ? decode(scheme, text, 'a host') : text)
  if (host === undefined)
    throw refused(
      scheme,
      `has no proper host at place ${ordinal} of its list. Hosts are separated by commas, each ${HOST_RULE}`,
    )
  return host
}

function parseQuery(scheme: string, text: string): Map<string, string> {
  const query = new Map<string, string>()
  if (text === '') return query
  for (const part of text.split('&')) {
    const equals = part.indexOf('=')
    const name = decode(scheme, equals < 0 ? part : part.slice(0, equals), 'the query')
    if (equals < 0 || name === '') throw refused(scheme, 'has a part in its query that is not name=value')
    if (query.has(name)) throw refused(scheme, 'gives one parameter twice in its query')
    query.set(name, decode(scheme, part.slice(equals + 1), 'the query'))
  }
  return query
}

function decode(scheme: string, text: string, part: string): string {
  let decoded: string | undefined
  try {
    decoded = decodeURIComponent(text)
  } catch {
    // The caller throws an error that does not show the text.
  }
  if (decoded === undefined || decoded.includes('\0'))
    throw refused(scheme, `has an improper percent escape in ${part} ("%" itself is written %25)`)
  return decoded
}

/** A Windows path is written as the URL `file:///C:/data`: the "/" in front of the drive letter is not a part of the path. */
function withoutDriveSlash(path: string): string {
  return /^\/[A-Za-z]:[\\/]/.test(path) ? path.slice(1) : path
}

function refused(scheme: string, why: string): WalError {
  return new WalError('WAL_INVALID_ARGUMENT', `The backend URL ${scheme}:… ${why}.`)
}
