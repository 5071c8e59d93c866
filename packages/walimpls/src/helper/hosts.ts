import { isIPv6 } from 'node:net'
import { invalidArgument } from '../errors/invalid-argument.js'

/** Where a server is, as it was written. */
export interface BackendHost {
  /** A name or address; IPv6 without its brackets. */
  readonly host: string
  readonly port?: number
}

/** What is accepted as one host, in words. */
export const HOST_RULE = 'name, name:port or [IPv6]:port, with a port from 1 to 65535'

/**
 * Takes the texts of an option of the type `hosts` apart; `port` is for those without one. Throws `WAL_INVALID_ARGUMENT`,
 * naming the text, where one is no host. `readOptions` has refused such a text before.
 */
export function parseHosts(texts: readonly string[], port: number): Required<BackendHost>[] {
  return texts.map((text) => {
    const host = parseHost(text)
    if (host === undefined) throw invalidArgument(`A host must be ${HOST_RULE}`, text)
    return { port, ...host }
  })
}

/** Undefined where the text is no host. */
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

/** The text that `parseHost` takes apart. */
export function hostText({ host, port }: BackendHost): string {
  const name = host.includes(':') ? `[${host}]` : host
  return port === undefined ? name : `${name}:${port}`
}
