import type * as Package from 'pulsar-client-types'
import { expectTypeOf, test } from 'vitest'
import type {
  Addon,
  AddonClient,
  AddonMessage,
  AddonProducer,
  AddonReader,
  ClientConfig,
  ProducerConfig,
  ProducerMessage,
  ReaderConfig,
} from '../../src/native/addon.js'

// The compiler is the test: `npm run typecheck` fails when these types and those of pulsar-client 1.18.0 disagree.

test('what the addon gives is what its own types say', () => {
  expectTypeOf<Package.Client>().toExtend<Omit<AddonClient, 'createReader' | 'createProducer'>>()
  expectTypeOf<Package.Producer>().toExtend<AddonProducer>()
  expectTypeOf<Package.Reader>().toExtend<AddonReader>()
  expectTypeOf<Package.Message>().toExtend<AddonMessage>()
  expectTypeOf<(typeof Package)['AuthenticationToken']>().toExtend<Addon['AuthenticationToken']>()
})

test('what the addon is given is what its own types take', () => {
  type Authentication = { authentication?: Package.AuthenticationToken }
  expectTypeOf<Omit<ClientConfig, 'authentication'> & Authentication>().toExtend<Package.ClientConfig>()
  expectTypeOf<ProducerConfig>().toExtend<Package.ProducerConfig>()
  expectTypeOf<ProducerMessage>().toExtend<Package.ProducerMessage>()
  type Ids = { startMessageId: Package.MessageId; listener: NonNullable<Package.ReaderConfig['listener']> }
  expectTypeOf<Omit<ReaderConfig, keyof Ids> & Ids>().toExtend<Package.ReaderConfig>()
})
