import { createHmac, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import type { TokenKeyKind } from './pulsar-options.js'

export interface TokenOptions {
  /** After so many seconds the broker asks for a new token, and then closes the connection. Default: the token never expires. */
  readonly expiresInSeconds?: number
}

/** Signs tokens (JSON Web Tokens) that a broker accepts which was started with these `properties`. */
export interface TokenSigner {
  /** The lines of the broker's configuration that have its key. */
  readonly properties: Readonly<Record<string, string>>
  /** A token by which a client has the role `subject`. */
  token(subject: string, options?: TokenOptions): string
}

export function createTokenSigner(kind: TokenKeyKind): TokenSigner {
  return { hmac: hmacSigner, rsa: rsaSigner }[kind]()
}

function hmacSigner(): TokenSigner {
  const key = randomBytes(32)
  return {
    properties: { tokenSecretKey: dataUrl(key) },
    token: (subject, options) =>
      jsonWebToken('HS256', claims(subject, options), (text) =>
        createHmac('sha256', key).update(text).digest(),
      ),
  }
}

function rsaSigner(): TokenSigner {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  return {
    properties: { tokenPublicKey: dataUrl(publicKey.export({ type: 'spki', format: 'der' })) },
    token: (subject, options) =>
      jsonWebToken('RS256', claims(subject, options), (text) =>
        sign('sha256', Buffer.from(text), privateKey),
      ),
  }
}

function claims(subject: string, { expiresInSeconds }: TokenOptions = {}): object {
  if (expiresInSeconds === undefined) return { sub: subject }
  return { sub: subject, exp: Math.floor(Date.now() / 1_000) + expiresInSeconds }
}

function jsonWebToken(alg: string, payload: object, signature: (text: string) => Buffer): string {
  const parts = [{ alg }, payload].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
  const text = parts.join('.')
  return `${text}.${signature(text).toString('base64url')}`
}

function dataUrl(bytes: Buffer): string {
  return `data:;base64,${bytes.toString('base64')}`
}
