import { RequestBody } from './kafka-bytes.js'
import { checkAnswer, request } from './kafka-connection.js'

const keys = {
  producerBytesPerSecond: 'producer_byte_rate',
  consumerBytesPerSecond: 'consumer_byte_rate',
  requestPercentage: 'request_percentage',
} as const

/** How much each client may send, read and occupy a broker before the broker throttles it. `null` removes a limit. */
export interface KafkaQuota extends Readonly<Partial<Record<keyof typeof keys, number | null>>> {
  /** The client id that the quota is for. Default: every client without a quota of its own. */
  readonly clientId?: string
}

/** Sets a quota for the whole cluster, at the broker that listens on `port`. */
export async function alterQuota(port: number, quota: KafkaQuota): Promise<void> {
  const changes = Object.entries(keys).flatMap(([option, key]) => {
    const limit = quota[option as keyof typeof keys]
    return limit === undefined ? [] : [{ key, limit }]
  })
  const body = new RequestBody()
  body.array([quota.clientId ?? null], (clientId) => {
    body.array([clientId], () => body.string('client-id').string(clientId))
    body.array(changes, ({ key, limit }) =>
      body
        .string(key)
        .float64(limit ?? 0)
        .int8(limit === null ? 1 : 0),
    )
  })
  const validateOnly = 0
  const asked = { name: 'AlterClientQuotas', key: 49, version: 0, body: body.int8(validateOnly) }
  const answer = await request(port, asked)
  answer.int32()
  answer.array(() => {
    checkAnswer(asked, answer.int16(), answer.string())
    answer.array(() => [answer.string(), answer.string()])
  })
}
