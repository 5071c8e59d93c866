import { batchOf } from '@wal/walimpls'
import { expect, test } from 'vitest'
import { scan, textsOf } from '../scene.js'
import { ScriptedCluster } from './scripted-cluster.js'
import { turn } from './scripted-connection.js'
import { BASE, entriesFrom, pageReply, ScriptedLog } from './scripted-log.js'

const stored = { exists: true, writer: '3 mine', base: `${BASE}`, last: `${BASE}-0` }
const WAKE = 'wal:{orders}:wake'

test('the settings of every primary are read, and the worst decides', async () => {
  const cluster = new ScriptedCluster()
  cluster.primaries[1].answer('info', () => 'redis_version:7.0.15\r\naof_enabled:0\r\nconnected_slaves:0')
  const log = new ScriptedLog(stored, cluster)
  const { guarantees } = await log.reader()
  expect(guarantees.durability).toBe('none: in the server’s memory only')
  expect(cluster.primaries.map((primary) => primary.count('config'))).toEqual([1, 1])
})

test('an append wakes up readers on its own node, and readers listen there, on the client that is there', async () => {
  const cluster = new ScriptedCluster()
  cluster.answer('ssubscribe', () => 1)
  cluster.answer('sunsubscribe', () => 1)
  const log = new ScriptedLog(stored, cluster)
  const opener = await log.opener()
  const wal = await opener.open('orders', { term: 3, incarnation: 'mine' })
  void wal.append(batchOf(1, [{ payload: Buffer.from('x'), properties: [] }]))
  expect((await log.nextAppend()).args[9]).toBe('SPUBLISH')
  const scanner = scan(wal)
  const first = scanner.next()
  ;(await cluster.next('page')).reply(pageReply(entriesFrom(0, 1)))
  await first
  await scanner.next()
  const next = scanner.next()
  ;(await cluster.next('page')).reply(pageReply([], { last: `${BASE}-0` }))
  await turn()
  expect(cluster.sent.filter(({ name }) => name === 'ssubscribe').map(({ args }) => args)).toEqual([[WAKE]])
  cluster.emit('smessage', WAKE, '')
  ;(await cluster.next('page')).reply(pageReply(entriesFrom(1, 1)))
  expect(textsOf((await next) ?? [])).toEqual(['message 1'])
  expect(cluster.duplicates).toEqual([])
})

test('the channels of every primary are listed, each once', async () => {
  const cluster = new ScriptedCluster()
  const pages = [
    [
      ['7', ['wal:{a}', 'wal:{a}:state']],
      ['0', ['wal:{b}', 'wal:{..}', 'other']],
    ],
    [['0', ['wal:{b}', 'wal:{c}']]],
  ]
  for (const [i, primary] of cluster.primaries.entries()) primary.answer('scan', () => pages[i]?.shift())
  const opener = await new ScriptedLog({}, cluster).opener()
  expect([...((await opener.list?.()) ?? [])].sort()).toEqual(['a', 'b', 'c'])
  expect(cluster.primaries[0].sent.filter(({ name }) => name === 'scan').map(({ args }) => args[0])).toEqual([
    '0',
    '7',
  ])
})
