import type { Certificates } from '../tls/certificates.js'

export const tokenKeyKinds = ['hmac', 'rsa'] as const

/** How tokens are signed: by a secret that the broker knows too, or by a private key of which the broker has the public half. */
export type TokenKeyKind = (typeof tokenKeyKinds)[number]

export interface PulsarOptions {
  /**
   * With a kind of key, clients have to log in with a token that `token` of the server has signed. The key is made at the start.
   * Without, everybody may connect.
   */
  readonly tokenKey?: TokenKeyKind
  /** With certificates, the port for clients accepts TLS only. The admin interface stays without TLS. */
  readonly tls?: Certificates
  /**
   * The roles, which are the subjects of tokens, that may do everything. With this list, authorization is on: every other role
   * may do only what `grant` of the admin interface gives. The list may be empty. It takes the option `tokenKey`.
   */
  readonly superUsers?: readonly string[]
  /** Whether lookups name the address of a `FaultProxy` in front of the broker, with this seed. Default: false. */
  readonly proxy?: boolean | { readonly seed: number }
  /** Additional lines of `standalone.conf`, such as `{ managedLedgerMaxEntriesPerLedger: 20 }`. */
  readonly config?: Readonly<Record<string, string | number | boolean>>
  /** The largest heap, in MiB; the process may use as much again outside the heap. Default: 512. */
  readonly heapMegabytes?: number
  /** Whether Java optimises its code as far as it can, which takes longer to start and to warm up. For benchmarks. Default: false. */
  readonly fullSpeed?: boolean
}

const roleName = /^[A-Za-z0-9._-]+$/

/** Throws when options contradict each other, before anything is started. */
export function checkPulsarOptions({ tokenKey, superUsers }: PulsarOptions): void {
  if (tokenKey !== undefined && !tokenKeyKinds.includes(tokenKey))
    throw new Error(`tokenKey of startPulsar is '${tokenKey}'. It can be ${tokenKeyKinds.join(', ')}.`)
  if (superUsers === undefined) return
  if (tokenKey === undefined) throw new Error('superUsers of startPulsar takes the option tokenKey as well.')
  const unfit = superUsers.find((role) => !roleName.test(role))
  if (unfit !== undefined)
    throw new Error(`The role '${unfit}' of startPulsar has a name other than ${roleName.source}.`)
}
