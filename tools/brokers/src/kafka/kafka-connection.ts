import { connect, type Socket } from 'node:net'

const apiKeys = { metadata: 3, apiVersions: 18 } as const
const timeoutMs = 5_000

/**
 * Makes one request over a new connection, and answers the body of the reply. Uses the oldest request header that has a client
 * id.
 */
async function request(port: number, apiKey: number, version: number, body: Buffer): Promise<Buffer> {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.setTimeout(timeoutMs, () => socket.destroy(new Error('no answer in time')))
  const clientId = Buffer.from('wal-brokers')
  const header = Buffer.alloc(10)
  header.writeInt16BE(apiKey, 0)
  header.writeInt16BE(version, 2)
  header.writeInt32BE(1, 4)
  header.writeInt16BE(clientId.length, 8)
  const message = Buffer.concat([header, clientId, body])
  const size = Buffer.alloc(4)
  size.writeInt32BE(message.length)
  socket.write(Buffer.concat([size, message]))
  try {
    return (await readMessage(socket)).subarray(4)
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

/** The highest version that the broker supports of each request, by the request's number. */
export async function apiVersions(port: number): Promise<Map<number, number>> {
  const answer = await request(port, apiKeys.apiVersions, 0, Buffer.alloc(0))
  const error = answer.readInt16BE(0)
  if (error !== 0) throw new Error(`ApiVersions: error ${error}`)
  const versions = new Map<number, number>()
  const count = answer.readInt32BE(2)
  for (let at = 6; at < 6 + 6 * count; at += 6)
    versions.set(answer.readInt16BE(at), answer.readInt16BE(at + 4))
  return versions
}

/** The ports of the brokers that are up, according to the broker at `port`. */
export async function livingBrokers(port: number): Promise<number[]> {
  // In version 1, an empty list of topics asks for the list of brokers only.
  const answer = await request(port, apiKeys.metadata, 1, Buffer.alloc(4))
  let at = 0
  const int32 = () => {
    at += 4
    return answer.readInt32BE(at - 4)
  }
  const skipString = () => {
    const length = answer.readInt16BE(at)
    at += 2 + Math.max(0, length)
  }
  return Array.from({ length: int32() }, () => {
    int32()
    skipString()
    const brokerPort = int32()
    skipString()
    return brokerPort
  })
}
