import { createCertificates, type PulsarServer, startPulsar } from '@wal/brokers'
import { openWal } from '@wal/core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { pulsarBuilder } from '../src/builder.js'

const NAMESPACE = 'public/default'

let server: PulsarServer
const certificates = await createCertificates()

beforeAll(async () => {
  server = await startPulsar({ tokenKey: 'hmac', superUsers: ['root'], tls: certificates })
  await server.admin.grant(NAMESPACE, 'writer', ['produce', 'consume'])
  await server.admin.grant(NAMESPACE, 'reader', ['consume'])
})
afterAll(async () => {
  await server.stop()
  certificates.remove()
})

/** The options of `openWal` for a role. */
function as(role: string) {
  return {
    builder: pulsarBuilder,
    channel: 'orders',
    backend: {
      hosts: [`${server.host}:${server.port}`],
      driver: 'protocol',
      tls: true,
      tlsOptions: { ca: certificates.authority },
      token: server.token(role),
      adminUrl: server.adminUrl,
    },
  } as const
}

async function writerAs(role: string) {
  const wal = await openWal('pulsar:', as(role))
  onTestFinished(() => wal.close())
  return wal
}

test('a role that may produce and consume writes, truncates and reads a log, and one that may consume reads it', async () => {
  const writer = await writerAs('writer')
  const positions: string[] = []
  for (const text of ['a', 'b', 'c'])
    positions.push((await writer.append({ payload: Buffer.from(text) })).position)
  await writer.truncate(positions[0] as string)

  const reader = await openWal('pulsar:', { ...as('reader'), accessMode: 'ro' })
  onTestFinished(() => reader.close())
  const read: string[] = []
  for await (const message of reader.read({ after: positions[0] as string, until: 'end' }))
    if (message.kind === 'message') read.push(Buffer.from(message.payload).toString())
  expect(read).toEqual(['b', 'c'])
})

test('policies that a role may not read are a warning that names what it takes, and are read by one that may', async () => {
  const unread = /does not tell the policies .* \(HTTP 403 .*let the token’s role read the policies/
  expect((await writerAs('writer')).guarantees.warnings).toEqual([expect.stringMatching(unread)])
  expect((await writerAs('root')).guarantees.warnings).toEqual([
    expect.stringMatching(/when one bookie has it/),
  ])
})

test('a role that may consume only is refused as a writer, and is told what is missing', async () => {
  const error = await openWal('pulsar:', as('reader')).catch((failed: unknown) => failed)
  expect(error).toMatchObject({ code: 'WAL_UNAVAILABLE', retryable: false })
  expect(String(error)).toMatch(/not authorized to Produce\. The role lacks a permission/)
})
