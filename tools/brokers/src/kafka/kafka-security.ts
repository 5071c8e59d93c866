import { pbkdf2Sync, randomBytes } from 'node:crypto'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Certificates } from '../tls/certificates.js'
import { type KafkaOptions, type KafkaSasl, saslMechanisms } from './kafka-options.js'

/** The protocol of the listener for clients. */
export function clientProtocol({ sasl, tls }: KafkaOptions): string {
  const transport = tls === undefined ? 'PLAINTEXT' : 'SSL'
  return sasl === undefined ? transport : `SASL_${transport}`
}

const keyStoreFile = 'keystore.pem'
const trustStoreFile = 'truststore.pem'

/** The settings by which the listener `CLIENT` speaks TLS, knows its users, and checks what they may do. */
export function securityProperties(options: KafkaOptions): Record<string, string> {
  const { sasl, tls, superUsers, clientCertificates = 'none' } = options
  return {
    ...(tls === undefined ? {} : tlsProperties(clientCertificates)),
    ...(sasl === undefined ? {} : saslProperties(sasl)),
    ...(superUsers === undefined ? {} : accessProperties(superUsers)),
  }
}

function tlsProperties(clientCertificates: string): Record<string, string> {
  return {
    'listener.name.client.ssl.keystore.type': 'PEM',
    'listener.name.client.ssl.keystore.location': keyStoreFile,
    'listener.name.client.ssl.truststore.type': 'PEM',
    'listener.name.client.ssl.truststore.location': trustStoreFile,
    'listener.name.client.ssl.client.auth': clientCertificates,
  }
}

/** Copies the certificates into the server's folder, so that the server can be restarted after `remove` of the certificates. */
export function writeKeyStores(folder: string, tls: Certificates): void {
  const parts = [tls.serverKeyFile, tls.serverCertificateFile].map((file) => readFileSync(file, 'utf8'))
  writeFileSync(join(folder, keyStoreFile), parts.join(''), { mode: 0o600 })
  copyFileSync(tls.authorityFile, join(folder, trustStoreFile))
}

function saslProperties({ users, mechanisms = saslMechanisms }: KafkaSasl): Record<string, string> {
  const plainUsers = Object.entries(users).map(([name, password]) => ` user_${name}=${jaasText(password)}`)
  const modules = mechanisms.map((mechanism) => {
    const [module, settings] =
      mechanism === 'PLAIN' ? ['plain.PlainLoginModule', plainUsers.join('')] : ['scram.ScramLoginModule', '']
    return [
      `listener.name.client.${mechanism.toLowerCase()}.sasl.jaas.config`,
      `org.apache.kafka.common.security.${module} required${settings};`,
    ]
  })
  return { 'listener.name.client.sasl.enabled.mechanisms': mechanisms.join(), ...Object.fromEntries(modules) }
}

function jaasText(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&')}"`
}

/** Brokers and controllers connect without a name, on listeners of their own, so they are super users too. */
function accessProperties(superUsers: readonly string[]): Record<string, string> {
  return {
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': ['ANONYMOUS', ...superUsers].map((user) => `User:${user}`).join(';'),
  }
}

const scramIterations = 4_096

/**
 * The arguments of Kafka's storage tool that store each user's SCRAM credentials. They have salted passwords, since the tool
 * gives brackets, commas and quotes in a password a meaning.
 */
export function scramArguments({ users, mechanisms = saslMechanisms }: KafkaSasl): string[] {
  return mechanisms
    .filter((mechanism) => mechanism !== 'PLAIN')
    .flatMap((mechanism) =>
      Object.entries(users).flatMap(([name, password]) => {
        const [digest, length] = mechanism === 'SCRAM-SHA-256' ? ['sha256', 32] : ['sha512', 64]
        const salt = randomBytes(24)
        const salted = pbkdf2Sync(password, salt, scramIterations, length, digest)
        const fields = [
          `name=${name}`,
          `salt=${salt.toString('base64')}`,
          `saltedpassword=${salted.toString('base64')}`,
          `iterations=${scramIterations}`,
        ]
        return ['--add-scram', `${mechanism}=[${fields.join()}]`]
      }),
    )
}
