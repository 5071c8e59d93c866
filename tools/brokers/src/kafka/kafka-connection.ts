import { connect, type Socket } from 'node:net'
import { AnswerBody, RequestBody } from './kafka-bytes.js'

const timeoutMs = 5_000

export interface KafkaRequest {
  readonly name: string
  readonly key: number
  readonly version: number
  readonly body?: RequestBody
}

/** Makes one request over a new connection without TLS. Uses the oldest request header that has a client id. */
export async function request(port: number, { key, version, body }: KafkaRequest): Promise<AnswerBody> {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.setTimeout(timeoutMs, () => socket.destroy(new Error('no answer in time')))
  const header = Buffer.alloc(8)
  header.writeInt16BE(key, 0)
  header.writeInt16BE(version, 2)
  header.writeInt32BE(1, 4)
  const clientId = new RequestBody().string('wal-brokers').bytes
  const message = Buffer.concat([header, clientId, body?.bytes ?? Buffer.alloc(0)])
  socket.write(Buffer.concat([new RequestBody().int32(message.length).bytes, message]))
  try {
    return new AnswerBody((await readMessage(socket)).subarray(4))
  } finally {
    socket.destroy()
  }
}

async function readMessage(socket: Socket): Promise<Buffer> {
  let bytes = Buffer.alloc(0)
  for await (const chunk of socket) {
    bytes = Buffer.concat([bytes, chunk as Buffer])
    if (bytes.length >= 4 && bytes.length >= 4 + bytes.readInt32BE(0)) return bytes.subarray(4)
  }
  throw new Error('the connection was closed')
}

/** Throws when the error code of an answer is not 0. */
export function checkAnswer({ name }: KafkaRequest, error: number, text: string | null = null): void {
  if (error !== 0) throw new Error(`${name}: error ${error}${text === null ? '' : `: ${text}`}`)
}

/** The highest version that the broker supports of each request, by the request's number. */
export async function apiVersions(port: number): Promise<Map<number, number>> {
  const asked = { name: 'ApiVersions', key: 18, version: 0 }
  const answer = await request(port, asked)
  checkAnswer(asked, answer.int16())
  return new Map(
    answer.array(() => {
      const key = answer.int16()
      answer.int16()
      return [key, answer.int16()] as const
    }),
  )
}

/** The ports of the brokers that are up, according to the broker that listens on `port`. */
export async function livingBrokers(port: number): Promise<number[]> {
  // In version 1, an empty list of topics asks for the list of brokers only.
  const body = new RequestBody().int32(0)
  const answer = await request(port, { name: 'Metadata', key: 3, version: 1, body })
  return answer.array(() => {
    answer.int32()
    answer.string()
    const brokerPort = answer.int32()
    answer.string()
    return brokerPort
  })
}
