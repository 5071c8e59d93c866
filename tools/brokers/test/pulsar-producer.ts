import { setTimeout as sleep } from 'node:timers/promises'
import { PulsarConnection, type PulsarLogIn } from '../src/pulsar/pulsar-connection.js'
import { commandFrame, commands, message } from '../src/pulsar/pulsar-frame.js'

const producerId = 1

/** A producer without any comfort, so that these tests need no client of Pulsar. */
export class PulsarProducer implements Disposable {
  readonly connection: PulsarConnection
  #sequence = 0

  private constructor(connection: PulsarConnection) {
    this.connection = connection
  }

  /** Connects to the address that a lookup names, which the answer has, and registers a producer there. */
  static async open(
    port: number,
    topic: string,
    logIn: PulsarLogIn = {},
  ): Promise<{ producer: PulsarProducer; url: string }> {
    const url = await lookUp(port, topic, logIn)
    const connection = await PulsarConnection.open(Number(new URL(url).port), logIn)
    try {
      connection.send(
        commandFrame(commands.producer, [
          [1, topic],
          [2, producerId],
          [3, 1],
        ]),
      )
      await connection.expect(commands.producerSuccess)
    } catch (error) {
      connection[Symbol.dispose]()
      throw error
    }
    return { producer: new PulsarProducer(connection), url }
  }

  /** Sends a message without waiting for the answer. */
  send(payload: string): void {
    const metadata = message([
      [1, 'test'],
      [2, this.#sequence],
      [3, Date.now()],
    ])
    const size = Buffer.alloc(4)
    size.writeUInt32BE(metadata.length)
    const checked = Buffer.concat([size, metadata, Buffer.from(payload)])
    const head = Buffer.from([0x0e, 0x01, 0, 0, 0, 0])
    head.writeUInt32BE(crc32c(checked), 2)
    const fields = [
      [1, producerId],
      [2, this.#sequence++],
    ] as const
    this.connection.send(commandFrame(commands.send, fields, Buffer.concat([head, checked])))
  }

  async store(payloads: readonly string[]): Promise<void> {
    for (const payload of payloads) {
      this.send(payload)
      await this.connection.expect(commands.sendReceipt)
    }
  }

  [Symbol.dispose](): void {
    this.connection[Symbol.dispose]()
  }
}

/** The address at which a client has to ask for the topic. */
async function lookUp(port: number, topic: string, logIn: PulsarLogIn = {}): Promise<string> {
  using connection = await PulsarConnection.open(port, logIn)
  for (;;) {
    connection.send(
      commandFrame(commands.lookup, [
        [1, topic],
        [2, 1],
        [3, false],
      ]),
    )
    const { fields } = await connection.expect(commands.lookupResponse)
    const url = fields.get(logIn.authority === undefined ? 1 : 2)
    if (url !== undefined) return String(url)
    // Right after a start, or an unload, the broker has no owner for the topic yet.
    if (String(fields.get(7)).includes('authoriz')) throw new Error(String(fields.get(7)))
    await sleep(100)
  }
}

function crc32c(bytes: Buffer): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0)
  }
  return (crc ^ 0xffffffff) >>> 0
}
