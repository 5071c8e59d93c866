import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openWal } from '@wal/core'
import '@wal/core/testing' // registers `memory:`

/** The service under test: it is handed its log, and keeps a balance for each account. */
async function balancesOf(wal) {
  const balances = new Map()
  for await (const { properties } of wal.read({ until: 'end' })) {
    const account = properties.get('account')
    balances.set(account, (balances.get(account) ?? 0) + Number(properties.get('amount')))
  }
  return balances
}

test('balances are the sums of what the log says', async () => {
  // Every test has a store of its own, which goes with the process.
  const wal = await openWal('memory:balances', { channel: 'accounts' })
  const book = (account, amount) =>
    wal.append({ payload: new Uint8Array(), properties: new Map(Object.entries({ account, amount })) })
  await Promise.all([book('anna', '10'), book('ben', '5'), book('anna', '-3')])
  assert.deepEqual([...(await balancesOf(wal))], [['anna', 7], ['ben', 5]]) // biome-ignore format: one line
  await wal.close()
})
