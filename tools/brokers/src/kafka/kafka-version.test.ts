import { expect, test } from 'vitest'
import { type KafkaVersion, kafkaVersion } from './kafka-version.js'

test('the version is the one asked for, else that of the environment, else the newest', () => {
  const environment = { WAL_TEST_KAFKA_VERSION: '3.9.1' }
  expect(kafkaVersion('4.4.0', environment)).toBe('4.4.0')
  expect(kafkaVersion(undefined, environment)).toBe('3.9.1')
  expect(kafkaVersion(undefined, { WAL_TEST_KAFKA_VERSION: '' })).toBe('4.4.0')
  expect(kafkaVersion(undefined, {})).toBe('4.4.0')
})

test('a version that tests do not run on is refused, with the list of those that they do', () => {
  expect(() => kafkaVersion(undefined, { WAL_TEST_KAFKA_VERSION: '2.8.0' })).toThrow(
    "WAL_TEST_KAFKA_VERSION is '2.8.0'. The versions of Kafka for tests are 4.4.0, 3.9.1.",
  )
  expect(() => kafkaVersion('3.0' as KafkaVersion, {})).toThrow("option version of startKafka is '3.0'")
})
