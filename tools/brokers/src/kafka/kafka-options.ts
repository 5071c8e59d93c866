import type { Certificates } from '../tls/certificates.js'
import type { KafkaVersion } from './kafka-version.js'

export const saslMechanisms = ['SCRAM-SHA-256', 'SCRAM-SHA-512', 'PLAIN'] as const

export type SaslMechanism = (typeof saslMechanisms)[number]

/** Users that have to log in. Each can log in by every one of the mechanisms. */
export interface KafkaSasl {
  /** The password of each user, by the user's name. */
  readonly users: Readonly<Record<string, string>>
  /** Default: all three. */
  readonly mechanisms?: readonly SaslMechanism[]
}

/** Whether clients have to show a certificate when they connect by TLS. */
export type ClientCertificates = 'none' | 'requested' | 'required'

export interface KafkaOptions {
  /** Default: what `WAL_TEST_KAFKA_VERSION` says, else 4.4.0. */
  readonly version?: KafkaVersion
  /** With users, clients have to log in. Without, everybody may connect. */
  readonly sasl?: KafkaSasl
  /** With certificates, the port for clients accepts TLS only. */
  readonly tls?: Certificates
  /** A client's certificate names the principal, such as `CN=client`, when the client does not log in. Default: 'none'. */
  readonly clientCertificates?: ClientCertificates
  /**
   * The users who may do everything. With this list, access control is on: every other user may do only what `addAcls` grants.
   * Clients without a name count as the brokers themselves, so access control takes `sasl` or `clientCertificates`.
   */
  readonly superUsers?: readonly string[]
  /** Whether each broker tells clients the address of a `FaultProxy` of its own, with this seed. Default: false. */
  readonly proxy?: boolean | { readonly seed: number }
  /** Additional lines of `server.properties`, such as `{ 'log.segment.bytes': 1048576 }`. */
  readonly config?: Readonly<Record<string, string | number | boolean>>
  /** The largest heap of each broker, in MiB. Default: 512. */
  readonly heapMegabytes?: number
  /** Whether Java optimises its code as far as it can, which takes longer to start and to warm up. For benchmarks. Default: false. */
  readonly fullSpeed?: boolean
}

const userName = /^[A-Za-z0-9._-]+$/

/** Throws when options contradict each other, before anything is started. */
export function checkKafkaOptions({
  sasl,
  tls,
  superUsers,
  clientCertificates = 'none',
}: KafkaOptions): void {
  if (clientCertificates !== 'none' && tls === undefined)
    throw new Error('clientCertificates of startKafka takes the option tls as well.')
  if (superUsers !== undefined && sasl === undefined && clientCertificates !== 'required')
    throw new Error("superUsers of startKafka takes the option sasl, or clientCertificates: 'required'.")
  if (sasl === undefined) return
  const names = Object.keys(sasl.users)
  if (names.length === 0) throw new Error('sasl.users of startKafka has no user.')
  const unfit = names.find((name) => !userName.test(name))
  if (unfit !== undefined)
    throw new Error(`The user '${unfit}' of startKafka has a name other than ${userName.source}.`)
  const unknown = sasl.mechanisms?.find((mechanism) => !saslMechanisms.includes(mechanism))
  if (unknown !== undefined || sasl.mechanisms?.length === 0)
    throw new Error(
      `sasl.mechanisms of startKafka is a list of ${saslMechanisms.join(', ')}${unknown === undefined ? ', and it is empty' : `; '${unknown}' is none of them`}.`,
    )
}
