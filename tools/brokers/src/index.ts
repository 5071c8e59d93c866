export type { KafkaAcl, KafkaOperation } from './kafka/kafka-acls.js'
export type { ClientCertificates, KafkaOptions, KafkaSasl, SaslMechanism } from './kafka/kafka-options.js'
export type { KafkaProgram } from './kafka/kafka-program.js'
export { kafkaProgram } from './kafka/kafka-program.js'
export type { KafkaQuota } from './kafka/kafka-quota.js'
export type {
  KafkaCluster,
  KafkaServer,
  KafkaSettings,
  ProxiedKafkaServer,
} from './kafka/kafka-server.js'
export { startKafka, startKafkaCluster } from './kafka/kafka-server.js'
export type { KafkaVersion } from './kafka/kafka-version.js'
export { kafkaVersion } from './kafka/kafka-version.js'
export { freePort } from './process/free-port.js'
export { disturbThrough } from './proxy/disturb-through.js'
export type { Fault, FaultKind } from './proxy/fault.js'
export type { FaultCount, ProxyCounters } from './proxy/fault-counters.js'
export type { Chance, FaultProxyOptions } from './proxy/fault-proxy.js'
export { FaultProxy } from './proxy/fault-proxy.js'
export type {
  PulsarAction,
  PulsarAdmin,
  PulsarInternalStats,
  PulsarTopicStats,
} from './pulsar/pulsar-admin.js'
export { PulsarAdminError } from './pulsar/pulsar-admin.js'
export type { PulsarOptions, TokenKeyKind } from './pulsar/pulsar-options.js'
export type { BacklogPolicy, InactiveTopics, PulsarPolicies } from './pulsar/pulsar-policies.js'
export { pulsarProgram } from './pulsar/pulsar-program.js'
export type { ProxiedPulsarServer, PulsarServer } from './pulsar/pulsar-server.js'
export { startPulsar } from './pulsar/pulsar-server.js'
export type { TokenOptions } from './pulsar/pulsar-tokens.js'
export type { RedisCluster } from './redis/redis-cluster.js'
export { startRedisCluster } from './redis/redis-cluster.js'
export { RedisConnection } from './redis/redis-connection.js'
export type { RedisOptions } from './redis/redis-options.js'
export type { RedisSentinel, RedisSentinelOptions } from './redis/redis-sentinel.js'
export { startRedisSentinel } from './redis/redis-sentinel.js'
export type { RedisServer } from './redis/redis-server.js'
export { startRedis } from './redis/redis-server.js'
export type { Progress, SavedData, Server } from './server.js'
export type { ServerKind } from './shared/server-kind.js'
export { sharedServer } from './shared/shared-server.js'
export type { RunningServer } from './shared/start-shared.js'
export { startShared } from './shared/start-shared.js'
export type { Certificates } from './tls/certificates.js'
export { createCertificates } from './tls/certificates.js'
