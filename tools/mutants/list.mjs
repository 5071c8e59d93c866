import { appendMutants } from './areas/append.mjs'
import { bufferMutants } from './areas/buffer.mjs'
import { clockMutants } from './areas/clock.mjs'
import { errorMutants } from './areas/errors.mjs'
import { fileMutants } from './areas/file.mjs'
import { helperMutants } from './areas/helper.mjs'
import { kafkaMutants } from './areas/impl-kafka.mjs'
import { kafkaReadMutants } from './areas/impl-kafka-read.mjs'
import { kafkaWriteMutants } from './areas/impl-kafka-write.mjs'
import { kafkaRecordsMutants } from './areas/kafka-records.mjs'
import { kitMutants } from './areas/kit.mjs'
import { lifetimeMutants } from './areas/lifetimes.mjs'
import { openMutants } from './areas/open.mjs'
import { outcomeMutants } from './areas/outcomes.mjs'
import { pulsarKeptMutants } from './areas/pulsar-kept.mjs'
import { pulsarNativeMutants } from './areas/pulsar-native.mjs'
import { pulsarProtocolMutants } from './areas/pulsar-protocol.mjs'
import { pulsarReadMutants } from './areas/pulsar-read.mjs'
import { pulsarRecordsMutants } from './areas/pulsar-records.mjs'
import { pulsarWriteMutants } from './areas/pulsar-write.mjs'
import { readMutants } from './areas/read.mjs'
import { redisMutants } from './areas/redis.mjs'
import { sealMutants } from './areas/seals.mjs'
import { stageMutants } from './areas/stages.mjs'
import { truncateMutants } from './areas/truncate.mjs'

/** @type {readonly import('./mutate.mjs').Mutant[]} */
export const mutants = [
  ...appendMutants,
  ...outcomeMutants,
  ...bufferMutants,
  ...clockMutants,
  ...readMutants,
  ...sealMutants,
  ...stageMutants,
  ...truncateMutants,
  ...openMutants,
  ...fileMutants,
  ...errorMutants,
  ...lifetimeMutants,
  ...helperMutants,
  ...kafkaMutants,
  ...kafkaReadMutants,
  ...kafkaWriteMutants,
  ...kafkaRecordsMutants,
  ...pulsarRecordsMutants,
  ...pulsarProtocolMutants,
  ...kitMutants,
  ...pulsarNativeMutants,
  ...pulsarWriteMutants,
  ...pulsarReadMutants,
  ...pulsarKeptMutants,
  ...redisMutants,
]
