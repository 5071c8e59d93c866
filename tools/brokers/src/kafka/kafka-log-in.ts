import { readFileSync } from 'node:fs'
import type { KafkaConfig, SASLOptions } from 'kafkajs'
import { type KafkaOptions, saslMechanisms } from './kafka-options.js'

/** What kafkajs needs to connect to the listener for clients: as the first user, by the first mechanism, with a certificate. */
export type LogIn = Pick<KafkaConfig, 'sasl' | 'ssl'>

const timeoutMs = 5_000

export function firstLogIn({ sasl, tls }: KafkaOptions): LogIn {
  const [mechanism = 'PLAIN'] = sasl?.mechanisms ?? saslMechanisms
  const [[username, password] = ['', '']] = Object.entries(sasl?.users ?? {})
  return {
    ...(sasl && { sasl: { mechanism: mechanism.toLowerCase(), username, password } as SASLOptions }),
    ...(tls && {
      ssl: {
        ca: tls.authority,
        cert: readFileSync(tls.clientCertificateFile),
        key: readFileSync(tls.clientKeyFile),
      },
    }),
  }
}

/** Connects to a broker as a client does. Rejects when the broker does not let the client in. */
export async function checkLogIn(port: number, logIn: LogIn): Promise<void> {
  const { Kafka, logLevel } = await import('kafkajs')
  const kafka = new Kafka({
    brokers: [`127.0.0.1:${port}`],
    clientId: 'wal-brokers',
    logLevel: logLevel.NOTHING,
    retry: { retries: 0 },
    connectionTimeout: timeoutMs,
    authenticationTimeout: timeoutMs,
    ...logIn,
  })
  const admin = kafka.admin()
  try {
    await admin.connect()
  } finally {
    await admin.disconnect()
  }
}
