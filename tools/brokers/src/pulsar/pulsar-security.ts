import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Certificates } from '../tls/certificates.js'
import type { PulsarOptions } from './pulsar-options.js'
import type { TokenSigner } from './pulsar-tokens.js'

/** The role of this tool and of the broker's own clients. Where authorization is on, this role may do everything. */
export const ownRole = 'wal-brokers'

const keyFile = 'server-key.pem'
const certificateFile = 'server-certificate.pem'
const authorityFile = 'authority.pem'

/** The settings by which the broker speaks TLS, asks for tokens, and checks what a role may do. */
export function securityProperties(
  { tls, superUsers }: PulsarOptions,
  signer: TokenSigner | undefined,
): Record<string, string | boolean> {
  return {
    ...(tls === undefined ? {} : tlsProperties()),
    ...(signer === undefined ? {} : tokenProperties(signer)),
    ...(superUsers === undefined ? {} : accessProperties(superUsers)),
  }
}

function tlsProperties(): Record<string, string> {
  return {
    tlsKeyFilePath: keyFile,
    tlsCertificateFilePath: certificateFile,
    tlsTrustCertsFilePath: authorityFile,
  }
}

/** Copies the certificates into the server's folder, so that the server can be restarted after `remove` of the certificates. */
export function writeCertificates(folder: string, tls: Certificates): void {
  copyFileSync(tls.serverKeyFile, join(folder, keyFile))
  copyFileSync(tls.serverCertificateFile, join(folder, certificateFile))
  copyFileSync(tls.authorityFile, join(folder, authorityFile))
}

/** The broker connects to itself, for its health check among others, so the broker needs a token too. */
function tokenProperties(signer: TokenSigner): Record<string, string | boolean> {
  return {
    authenticationEnabled: true,
    authenticationProviders: 'org.apache.pulsar.broker.authentication.AuthenticationProviderToken',
    ...signer.properties,
    brokerClientAuthenticationPlugin: 'org.apache.pulsar.client.impl.auth.AuthenticationToken',
    brokerClientAuthenticationParameters: `token:${signer.token(ownRole)}`,
  }
}

function accessProperties(superUsers: readonly string[]): Record<string, string | boolean> {
  return { authorizationEnabled: true, superUserRoles: [ownRole, ...superUsers].join() }
}
