import { createHmac, createPublicKey, verify } from 'node:crypto'
import { expect, test } from 'vitest'
import type { Certificates } from '../tls/certificates.js'
import { checkPulsarOptions, type PulsarOptions, type TokenKeyKind } from './pulsar-options.js'
import { securityProperties } from './pulsar-security.js'
import { createTokenSigner } from './pulsar-tokens.js'

/** The bytes of a key in a broker's configuration. */
function keyOf(property = ''): Buffer {
  expect(property).toMatch(/^data:;base64,/)
  return Buffer.from(property.replace('data:;base64,', ''), 'base64')
}

function decoded(part = ''): unknown {
  return JSON.parse(Buffer.from(part, 'base64url').toString())
}

test('an HMAC token is signed by the secret that the broker has', () => {
  const signer = createTokenSigner('hmac')
  const [head, claims, signature] = signer.token('writer').split('.')
  expect(decoded(head)).toEqual({ alg: 'HS256' })
  expect(decoded(claims)).toEqual({ sub: 'writer' })
  const key = keyOf(signer.properties.tokenSecretKey)
  expect(signature).toBe(createHmac('sha256', key).update(`${head}.${claims}`).digest('base64url'))
})

test('an RSA token is signed by the private key, of which the broker has the public half', () => {
  const signer = createTokenSigner('rsa')
  const [head, claims, signature = ''] = signer.token('writer').split('.')
  expect(decoded(head)).toEqual({ alg: 'RS256' })
  expect(Object.keys(signer.properties)).toEqual(['tokenPublicKey'])
  const key = createPublicKey({
    key: keyOf(signer.properties.tokenPublicKey),
    format: 'der',
    type: 'spki',
  })
  const text = Buffer.from(`${head}.${claims}`)
  expect(verify('sha256', text, key, Buffer.from(signature, 'base64url'))).toBe(true)
})

test('a token expires when it is told to', () => {
  const [, claims] = createTokenSigner('hmac').token('writer', { expiresInSeconds: 60 }).split('.')
  const { exp } = decoded(claims) as { exp: number }
  expect(Math.abs(exp - (Date.now() / 1_000 + 60))).toBeLessThan(30)
})

test('the broker logs in to itself, and its role is a super user', () => {
  const signer = createTokenSigner('hmac')
  const properties = securityProperties({ tokenKey: 'hmac', superUsers: ['root'] }, signer)
  expect(properties).toMatchObject({
    authenticationEnabled: true,
    authorizationEnabled: true,
    superUserRoles: 'wal-brokers,root',
    ...signer.properties,
  })
  const [, claims] = String(properties.brokerClientAuthenticationParameters).split('.')
  expect(decoded(claims)).toEqual({ sub: 'wal-brokers' })
})

test('without an option nobody is asked for anything', () => {
  expect(securityProperties({}, undefined)).toEqual({})
  expect(securityProperties({ tls: {} as Certificates }, undefined)).toEqual({
    tlsKeyFilePath: 'server-key.pem',
    tlsCertificateFilePath: 'server-certificate.pem',
    tlsTrustCertsFilePath: 'authority.pem',
  })
})

test.each<[string, PulsarOptions]>([
  ['superUsers of startPulsar takes the option tokenKey', { superUsers: [] }],
  ["The role 'a,b'", { tokenKey: 'hmac', superUsers: ['a,b'] }],
  ["tokenKey of startPulsar is 'none'", { tokenKey: 'none' as TokenKeyKind }],
])('options that contradict each other are refused: %s', (reason, options) => {
  expect(() => checkPulsarOptions(options)).toThrow(reason)
})
