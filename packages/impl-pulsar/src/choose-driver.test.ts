import { WalError } from '@wal/walimpls'
import { expect, test } from 'vitest'
import { chooseDriver, type Drivers } from './choose-driver.js'
import type { PulsarDriver } from './driver/pulsar-driver.js'

const made = (name: string) => async (reason: string) => ({ choice: { name, reason } }) as PulsarDriver

function drivers(parts: Partial<Drivers> = {}): Drivers {
  return {
    protocol: made('protocol'),
    nativeRefusal: undefined,
    loadNative: async () => made('native'),
    ...parts,
  }
}

test('auto takes the native driver where it is installed, and says why', async () => {
  const { choice } = await chooseDriver('auto', drivers())
  expect(choice).toEqual({ name: 'native', reason: 'The package pulsar-client is installed.' })
})

test('auto takes the protocol driver where the native one is not installed', async () => {
  const { choice } = await chooseDriver('auto', drivers({ loadNative: async () => undefined }))
  expect(choice).toEqual({ name: 'protocol', reason: 'The package pulsar-client is not installed.' })
})

test('auto takes the protocol driver for options that the native one cannot keep', async () => {
  const nativeRefusal = 'The native client takes no certificates from memory.'
  const { choice } = await chooseDriver('auto', drivers({ nativeRefusal }))
  expect(choice).toEqual({ name: 'protocol', reason: nativeRefusal })
  expect((await chooseDriver('native', drivers({ nativeRefusal }))).choice.name).toBe('native')
})

test('a client that is installed and cannot be loaded is an error, and no other driver is taken', async () => {
  const loadNative = async () => {
    throw new WalError('WAL_UNAVAILABLE', 'not loadable', { retryable: false })
  }
  for (const driver of ['auto', 'native'] as const)
    await expect(chooseDriver(driver, drivers({ loadNative }))).rejects.toThrow('not loadable')
})

test('the protocol driver is made without a look at the native client', async () => {
  const loadNative = async () => {
    throw new Error('looked')
  }
  const { choice } = await chooseDriver('protocol', drivers({ loadNative }))
  expect(choice).toEqual({ name: 'protocol', reason: 'The option driver asks for it.' })
})

test('the native driver that is not installed is an error with both remedies', async () => {
  const failed = chooseDriver('native', drivers({ loadNative: async () => undefined }))
  await expect(failed).rejects.toMatchObject({ code: 'WAL_UNAVAILABLE', retryable: false })
  await expect(failed).rejects.toThrow(/npm install pulsar-client.*driver=protocol/)
})
