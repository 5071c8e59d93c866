import { isIPv6 } from 'node:net'
import { invalidArgument } from '../errors/invalid-argument.js'

/** The address of a server as it was written. */
export interface BackendHost {
  /** A host name or an IP address; an IPv6 address without its brackets. */
  readonly host: string
  readonly port?: number
}

/** Says in words which texts are accepted as a host. */
export const HOST_RULE = 'name, name:port or [IPv6]:port, with a port from 1 to 65535'

/**
 * Splits each text of an option of type `hosts` into host and port. `port` is the port of hosts that name none. Throws
 * `WAL_INVALID_ARGUMENT` with the text that is no host. Options that `readOptions` has checked contain no such text.
 */
export function parseHosts(texts: readonly string[], port: number): Required<BackendHost>[] {
  return texts.map((text) => {
    const host = parseHost(text)
    if (host === undefined) throw invalidArgument(`A host must be ${HOST_RULE}`, text)
    return { port, ...host }
  })
}

/** Splits `name:port` into host and port; undefined when the text is no host. */
export function parseHost(text: unknown): BackendHost | undefined {
  if (typeof text !== 'string') return undefined
  const match = /^(?:\[([^[\]]+)\]|([\p{L}\p{N}._-]+))(?::([0-9]{1,5}))?$/u.exec(text)
  if (match === null) return undefined
  const [, six, name, digits] = match
  if (six !== undefined && !isIPv6(six)) return undefined
  const host = six ?? (name as string)
  if (digits === undefined) return { host }
  const port = Number(digits)
  return port < 1 || port > 65_535 ? undefined : { host, port }
}

/** Writes a host and port as the text that `parseHost` reads. */
export function hostText({ host, port }: BackendHost): string {
  const name = host.includes(':') ? `[${host}]` : host
  return port === undefined ? name : `${name}:${port}`
}
