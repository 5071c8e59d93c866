import { pbkdf2Sync } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Certificates } from '../tls/certificates.js'
import { checkKafkaOptions, type KafkaOptions, type SaslMechanism } from './kafka-options.js'
import { clientProtocol, scramArguments, securityProperties, writeKeyStores } from './kafka-security.js'

const users = { writer: 'a "quoted" \\ word', reader: 'p,w]' }

test('every mechanism knows every user, by a module of its own', () => {
  expect(securityProperties({ sasl: { users } })).toEqual({
    'listener.name.client.sasl.enabled.mechanisms': 'SCRAM-SHA-256,SCRAM-SHA-512,PLAIN',
    'listener.name.client.scram-sha-256.sasl.jaas.config':
      'org.apache.kafka.common.security.scram.ScramLoginModule required;',
    'listener.name.client.scram-sha-512.sasl.jaas.config':
      'org.apache.kafka.common.security.scram.ScramLoginModule required;',
    'listener.name.client.plain.sasl.jaas.config':
      'org.apache.kafka.common.security.plain.PlainLoginModule required user_writer="a \\"quoted\\" \\\\ word" user_reader="p,w]";',
  })
  expect(securityProperties({ sasl: { users, mechanisms: ['PLAIN'] } })).not.toHaveProperty(
    'listener.name.client.scram-sha-256.sasl.jaas.config',
  )
})

test("SCRAM's credentials are salted passwords, one for each user and mechanism", () => {
  const args = scramArguments({ users })
  expect(args).toHaveLength(8)
  const [, , , argument = ''] = args
  expect(argument).toMatch(
    /^SCRAM-SHA-256=\[name=reader,salt=[^,]{32},saltedpassword=[^,]{44},iterations=4096\]$/,
  )
  const [, salt = '', salted = ''] = /salt=([^,]*),saltedpassword=([^,]*)/.exec(argument) ?? []
  const expected = pbkdf2Sync('p,w]', Buffer.from(salt, 'base64'), 4_096, 32, 'sha256')
  expect(salted).toBe(expected.toString('base64'))
  expect(scramArguments({ users, mechanisms: ['PLAIN'] })).toEqual([])
})

test('the protocol for clients follows from what is asked for', () => {
  const sasl = { users }
  const tls = {} as Certificates
  expect(clientProtocol({})).toBe('PLAINTEXT')
  expect(clientProtocol({ sasl })).toBe('SASL_PLAINTEXT')
  expect(clientProtocol({ tls })).toBe('SSL')
  expect(clientProtocol({ sasl, tls })).toBe('SASL_SSL')
})

test("the server's folder gets its key and certificate in one file, and the authority in another", () => {
  const folder = mkdtempSync(join(tmpdir(), 'wal-key-stores-'))
  try {
    const file = (name: string) => {
      writeFileSync(join(folder, name), `${name}\n`)
      return join(folder, name)
    }
    const files = {
      serverKeyFile: file('key'),
      serverCertificateFile: file('certificate'),
      authorityFile: file('authority'),
    }
    writeKeyStores(folder, files as Certificates)
    const { 'listener.name.client.ssl.keystore.location': keys = '', ...others } = securityProperties({
      tls: files as Certificates,
      clientCertificates: 'required',
    })
    expect(readFileSync(join(folder, keys), 'utf8')).toBe('key\ncertificate\n')
    const trusted = others['listener.name.client.ssl.truststore.location'] ?? ''
    expect(readFileSync(join(folder, trusted), 'utf8')).toBe('authority\n')
    expect(others['listener.name.client.ssl.client.auth']).toBe('required')
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('super users turn access control on, and the brokers are among them', () => {
  expect(securityProperties({ superUsers: ['root', 'CN=client'] })).toEqual({
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': 'User:ANONYMOUS;User:root;User:CN=client',
  })
})

test.each<[string, KafkaOptions]>([
  ['clientCertificates of startKafka takes the option tls', { clientCertificates: 'required' }],
  ['superUsers of startKafka takes the option sasl', { superUsers: ['root'] }],
  ['sasl.users of startKafka has no user', { sasl: { users: {} } }],
  ["The user 'a b'", { sasl: { users: { 'a b': '' } } }],
  ['and it is empty', { sasl: { users, mechanisms: [] } }],
  ["'NTLM' is none of them", { sasl: { users, mechanisms: ['NTLM' as SaslMechanism] } }],
])('options that contradict each other are refused: %s', (reason, options) => {
  expect(() => checkKafkaOptions(options)).toThrow(reason)
})
