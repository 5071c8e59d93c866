import { type KafkaAcl, startKafka } from '@wal/brokers'
import { openWal } from '@wal/core'
import { afterAll, expect, test } from 'vitest'
import '../src/index.js'
import { buildOpener } from './scene.js'

const users = { owner: 'the-owners-secret', writer: 'secret', reader: 'secret', blind: 'secret' }
const kafka = await startKafka({ sasl: { users, mechanisms: ['PLAIN'] }, superUsers: ['owner'] })
afterAll(() => kafka.stop())

/** The table of the README: what a writer needs, and what a reader does. */
const writer: readonly KafkaAcl[] = [
  {
    user: 'writer',
    resource: 'topic',
    name: 'orders-',
    pattern: 'prefixed',
    operations: ['create', 'describe', 'describe-configs', 'read', 'write', 'delete'],
  },
  {
    user: 'writer',
    resource: 'transactional-id',
    name: 'wal-orders-',
    pattern: 'prefixed',
    operations: ['describe', 'write'],
  },
  { user: 'writer', resource: 'cluster', operations: ['describe-configs'] },
]
const reader: readonly KafkaAcl[] = [
  {
    user: 'reader',
    resource: 'topic',
    name: 'orders-',
    pattern: 'prefixed',
    operations: ['describe', 'describe-configs', 'read'],
  },
  { user: 'reader', resource: 'cluster', operations: ['describe-configs'] },
]
const blind: readonly KafkaAcl[] = [
  {
    user: 'blind',
    resource: 'topic',
    name: 'orders-',
    pattern: 'prefixed',
    operations: ['describe', 'read'],
  },
]

/** The tests run on one broker. */
const ONE_REPLICA = expect.stringContaining('The topic has one replica')

const optionsOf = (user: keyof typeof users) =>
  ({ hosts: [kafka.address], user, password: users[user], mechanism: 'plain' }) as const
const url = (user: keyof typeof users) => `kafka://${user}:${users[user]}@${kafka.address}?mechanism=plain`

test('a writer and a reader do all they can with exactly the ACLs of the README', async () => {
  await kafka.addAcls(...writer, ...reader, ...blind)
  const wal = await openWal(url('writer'), { channel: 'orders-1' })
  const { position } = await wal.append({ vchannel: 'eu', payload: Buffer.from('a') })
  await wal.append({ vchannel: 'eu', payload: Buffer.from('b') })
  expect(wal.guarantees).toMatchObject({
    durability: 'in the memory of one broker',
    fencing: 'all machines',
    retention: 'kept until truncated, or removed by hand',
    warnings: [ONE_REPLICA],
  })

  const readOnly = await openWal(url('reader'), { channel: 'orders-1', accessMode: 'ro' })
  const texts: string[] = []
  for await (const { payload } of readOnly.read({ from: position, until: 'end' }))
    texts.push(Buffer.from(payload).toString())
  expect(texts).toEqual(['a', 'b'])
  await readOnly.close()

  await wal.truncate(position)
  await wal.close()

  const again = await openWal(url('writer'), { channel: 'orders-1' })
  await again.append({ vchannel: 'eu', payload: Buffer.from('c') })
  await again.close()

  const opener = await buildOpener(optionsOf('writer'))
  expect(await opener.list()).toEqual(['orders-1'])
  await opener.delete('orders-1')
  expect(await opener.list()).toEqual([])
  await opener.close()
})

test('a reader that may not see settings is told that guarantees are unknown', async () => {
  const wal = await openWal(url('writer'), { channel: 'orders-2' })
  await wal.close()
  const readOnly = await openWal(url('blind'), { channel: 'orders-2', accessMode: 'ro' })
  expect(readOnly.guarantees).toMatchObject({
    durability: 'unknown',
    fencing: 'unknown',
    retention: 'unknown',
  })
  expect(readOnly.guarantees.warnings).toEqual([
    ONE_REPLICA,
    'The broker does not tell the topic’s settings: what an acknowledgement is worth is unknown. Allow DescribeConfigs on the topic and on the cluster.',
  ])
  await readOnly.close()
})
