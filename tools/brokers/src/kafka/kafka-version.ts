/** The versions that tests run on. Their jars come from Maven, and their images from Docker. */
export const kafkaVersions = ['4.4.0', '3.9.1'] as const

export type KafkaVersion = (typeof kafkaVersions)[number]

/** The environment variable that chooses the version of servers that are started without one. */
export const kafkaVersionVariable = 'WAL_TEST_KAFKA_VERSION'

const [newest] = kafkaVersions

/** The version that the caller asks for; otherwise the one that the environment names; otherwise the newest. */
export function kafkaVersion(asked?: KafkaVersion, env: NodeJS.ProcessEnv = process.env): KafkaVersion {
  if (asked !== undefined) return check(asked, 'The option version of startKafka')
  const named = env[kafkaVersionVariable]
  return named === undefined || named === '' ? newest : check(named, kafkaVersionVariable)
}

function check(version: string, where: string): KafkaVersion {
  const known = kafkaVersions.find((known) => known === version)
  if (known !== undefined) return known
  throw new Error(
    `${where} is '${version}'. The versions of Kafka for tests are ${kafkaVersions.join(', ')}.`,
  )
}
