import { connect } from 'node:net'

const timeoutMs = 10_000
const connectCommand = 2
const connectedCommand = 3

/** Sends the broker the first command of its binary protocol. Resolves when the broker answers `CONNECTED`. */
export async function greet(port: number): Promise<void> {
  const version = Buffer.from('wal-brokers')
  // BaseCommand { type: CONNECT, connect: { client_version, protocol_version: 19 } }, encoded as protobuf.
  const greeting = Buffer.concat([Buffer.from([0x0a, version.length]), version, Buffer.from([0x20, 19])])
  const command = Buffer.concat([Buffer.from([0x08, connectCommand, 0x12, greeting.length]), greeting])
  const sizes = Buffer.alloc(8)
  sizes.writeUInt32BE(command.length + 4, 0)
  sizes.writeUInt32BE(command.length, 4)

  const socket = connect({ port, host: '127.0.0.1' })
  socket.setTimeout(timeoutMs, () => socket.destroy(new Error('no answer in time')))
  socket.write(Buffer.concat([sizes, command]))
  let bytes = Buffer.alloc(0)
  try {
    for await (const chunk of socket) {
      bytes = Buffer.concat([bytes, chunk as Buffer])
      if (bytes.length < 10) continue
      // The first field of a command's answer is its type.
      if (bytes[8] === 0x08 && bytes[9] === connectedCommand) return
      throw new Error(`the broker answered the greeting with command ${bytes[9]}`)
    }
  } finally {
    socket.destroy()
  }
  throw new Error('the broker closed the connection')
}

/** Rejects unless the broker's own health check passes, in which the broker writes and reads a message. */
export async function checkHealth(webPort: number): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${webPort}/admin/v2/brokers/health`, {
    signal: AbortSignal.timeout(timeoutMs),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`health: HTTP ${response.status} ${text.slice(0, 200)}`)
}
