export type ServerKind = 'redis' | 'kafka' | 'pulsar'

export const serverKinds = ['redis', 'kafka', 'pulsar'] as const satisfies readonly ServerKind[]

/** The environment variable in which a user gives the address of an existing server. */
export const ownServerVariable: Readonly<Record<ServerKind, string>> = {
  redis: 'WAL_TEST_REDIS_URL',
  kafka: 'WAL_TEST_KAFKA_BROKERS',
  pulsar: 'WAL_TEST_PULSAR_URL',
}

export function isServerKind(text: string): text is ServerKind {
  return (serverKinds as readonly string[]).includes(text)
}
