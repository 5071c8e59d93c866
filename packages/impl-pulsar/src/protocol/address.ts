import { type BackendHost, CallFailure, hostText, parseHosts } from '@wal/walimpls/helper'

const PLAIN_PORT = 6650
const TLS_PORT = 6651

/** Where to connect to, and for whom. */
export interface Target {
  readonly host: Required<BackendHost>
  /** The broker that a proxy at `host` shall connect to: `name:port`. */
  readonly proxyTo?: string
}

/** The addresses that the user gave. */
export function serviceHosts(texts: readonly string[], tls: boolean): readonly Required<BackendHost>[] {
  return parseHosts(texts, tls ? TLS_PORT : PLAIN_PORT)
}

/** The host and port in a broker's address as lookups name it: `pulsar://name:port`. */
export function brokerHost(url: string, tls: boolean): Required<BackendHost> {
  const [, text] = /^pulsar(?:\+ssl)?:\/\/([^/,]+)/.exec(url) ?? []
  try {
    if (text !== undefined) return parseHosts([text], tls ? TLS_PORT : PLAIN_PORT)[0] as Required<BackendHost>
  } catch {
    // The text is no host. The error below says so with the whole address.
  }
  throw new CallFailure(`a lookup named "${url}", which is not the address of a broker`)
}

export function targetText({ host, proxyTo }: Target): string {
  return proxyTo === undefined ? hostText(host) : `${proxyTo} (by the proxy ${hostText(host)})`
}
