import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { type Command, commandFrame, commands, type Field, readFrame } from './pulsar-frame.js'

const timeoutMs = 10_000
const protocolVersion = 19

/** What a client needs to get in. */
export interface PulsarLogIn {
  readonly token?: string
  /** The certificate of the authority as PEM text. With it, the connection is TLS. */
  readonly authority?: string
}

/** A connection on which commands are sent and read one by one, in the order in which the broker sends them. */
export class PulsarConnection implements Disposable {
  readonly #socket: Socket
  readonly #chunks: AsyncIterator<Buffer>
  #bytes = Buffer.alloc(0)

  private constructor(socket: Socket) {
    this.#socket = socket
    this.#chunks = socket[Symbol.asyncIterator]()
    // Reading rejects with this error as well.
    socket.on('error', () => {})
  }

  /** Connects and logs in. Rejects when the broker does not let the client in. */
  static async open(port: number, { token, authority }: PulsarLogIn = {}): Promise<PulsarConnection> {
    const address = { port, host: '127.0.0.1' }
    const socket = authority === undefined ? connect(address) : connectTls({ ...address, ca: authority })
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error('no answer in time')))
    const connection = new PulsarConnection(socket)
    try {
      connection.send(commandFrame(commands.connect, greeting(token)))
      await connection.expect(commands.connected)
      return connection
    } catch (error) {
      connection[Symbol.dispose]()
      throw error
    }
  }

  send(bytes: Buffer): void {
    this.#socket.write(bytes)
  }

  /** The broker's next command. Pings are answered on the way. */
  async next(): Promise<Command> {
    for (;;) {
      const frame = readFrame(this.#bytes)
      if (frame === undefined) {
        const { done, value } = await this.#chunks.next()
        if (done === true) throw new Error('the broker closed the connection')
        this.#bytes = Buffer.concat([this.#bytes, value])
      } else {
        this.#bytes = Buffer.from(frame.rest)
        if (frame.command.type !== commands.ping) return frame.command
        this.send(commandFrame(commands.pong, []))
      }
    }
  }

  /** The broker's next command. Rejects when it is of another type, with the broker's text if it is an error. */
  async expect(type: number): Promise<Command> {
    const command = await this.next()
    if (command.type === type) return command
    const text = command.type === commands.error ? `: ${command.fields.get(3)}` : ''
    throw new Error(`the broker answered with command ${command.type} instead of ${type}${text}`)
  }

  [Symbol.dispose](): void {
    this.#socket.destroy()
  }
}

/** The fields of the command that a client sends first. */
function greeting(token: string | undefined): Field[] {
  // The broker asks for a new token only a client that says to be able to send one.
  const renewsTokens = Buffer.from([0x08, 1])
  const logIn: Field[] =
    token === undefined
      ? []
      : [
          [3, token],
          [5, 'token'],
        ]
  return [[1, 'wal-brokers'], [4, protocolVersion], ...logIn, [10, renewsTokens]]
}

/** Connects to the broker as a client does. Rejects when the broker does not let the client in. */
export async function greet(port: number, logIn: PulsarLogIn = {}): Promise<void> {
  const connection = await PulsarConnection.open(port, logIn)
  connection[Symbol.dispose]()
}

/**
 * Rejects unless the broker's own health check passes, in which the broker writes and reads a message, and the namespace
 * `public/default` is there: a broker on new data makes it after it has called itself healthy.
 */
export async function checkHealth(webPort: number, token?: string): Promise<void> {
  for (const path of ['brokers/health', 'namespaces/public/default']) {
    const response = await fetch(`http://127.0.0.1:${webPort}/admin/v2/${path}`, {
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(timeoutMs),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${path}: HTTP ${response.status} ${text.slice(0, 200)}`)
  }
}
