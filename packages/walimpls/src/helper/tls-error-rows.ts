import type { ErrorRow } from './error-table.js'

/** What TLS errors say about a server, in the words of a backend. */
export interface TlsAdvice {
  /** What the backend calls the other side: `broker`. */
  readonly server: string
  /** Where the user gives the authority that signed a certificate: `tlsOptions: { ca }`. */
  readonly authority: string
}

/** Codes of Node and OpenSSL for a certificate that somebody has to mend, or to trust. */
const BAD_CERTIFICATE =
  /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_(VERIFY|GET|DECRYPT|DECODE)_\w+|CERT_\w+|INVALID_(CA|PURPOSE)|PATH_LENGTH_EXCEEDED|HOSTNAME_MISMATCH|ERR_TLS_CERT_\w+)$/
const NO_TLS_THERE = /^(ERR_SSL_WRONG_VERSION_NUMBER|ERR_SSL_PACKET_LENGTH_TOO_LONG)$/

/** The advice for a certificate that is not trusted. Errors without a telling code need it too. */
export function certificateAdvice({ authority }: TlsAdvice): string {
  return `The certificate is not one to trust: give the authority that signed it (\`${authority}\`), or mend the certificate.`
}

/** The rows of an `ErrorTable` for the codes with which a connection by TLS is refused. Nothing was sent then. */
export function tlsErrorRows(advice: TlsAdvice): readonly ErrorRow[] {
  const refused = { retryable: false, outcome: 'not-written' } as const
  return [
    { ...refused, names: BAD_CERTIFICATE, advice: certificateAdvice(advice) },
    {
      ...refused,
      names: NO_TLS_THERE,
      advice: `The ${advice.server} does not speak TLS at this address: leave TLS out, or give its TLS port.`,
    },
  ]
}

/** The row for what Node says when the other side closes the connection in the middle of the TLS handshake. */
export function brokenHandshakeRow({ server }: TlsAdvice): ErrorRow {
  return {
    text: /before secure TLS connection was established/,
    retryable: true,
    outcome: 'unknown',
    advice: `The ${server} may not speak TLS at this address: leave TLS out, or give its TLS port.`,
  }
}
