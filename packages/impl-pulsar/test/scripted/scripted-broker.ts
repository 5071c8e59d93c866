import type { Socket } from 'node:net'
import type { Runtime } from '@wal/walimpls'
import { readOptions } from '@wal/walimpls/helper'
import { type SimulatedRuntime, simulatedRuntime } from '@wal/walimpls/testing'
import { optionTable, type PulsarOptions } from '../../src/driver/options.js'
import type { SocketOptions } from '../../src/protocol/connect-socket.js'
import { NotConnected } from '../../src/protocol/connect-socket.js'
import { ProtocolDriver } from '../../src/protocol/protocol-driver.js'
import type { Request, RequestName } from '../../src/wire/commands.js'
import { ScriptedSocket, type Sent } from './scripted-socket.js'

export const TOPIC = 'persistent://public/default/orders'

type Script = {
  [N in RequestName]?: (value: Request<N>, socket: ScriptedSocket, behind: Buffer) => void
}

/**
 * Plays brokers in memory, for unit tests. It is no Pulsar: it stores nothing, and answers every command with success until a
 * test sets a script for that command. Its time is virtual.
 */
export class ScriptedBroker {
  readonly runtime: SimulatedRuntime
  readonly sockets: ScriptedSocket[] = []
  /** The addresses that were connected to, in order. */
  readonly addresses: string[] = []
  /** Every command that came, in order. */
  readonly received: {
    readonly name: RequestName
    readonly value: unknown
    readonly socket: ScriptedSocket
  }[] = []
  /** What is done for a command, in place of an answer of success. */
  script: Script = {}
  /** Hosts that refuse connections. */
  readonly down = new Set<string>()
  /** Hosts that do not answer at all. */
  readonly silent = new Set<string>()

  constructor(seed = 1) {
    this.runtime = simulatedRuntime({ seed })
  }

  driver(options: Partial<PulsarOptions> = {}, runtime: Runtime = this.runtime): ProtocolDriver {
    const all = { hosts: ['one:6650'], requestTimeoutMs: 1_000, ...options }
    return new ProtocolDriver({
      options: readOptions<never>(optionTable, all, 'backend "pulsar"'),
      runtime,
      choice: { name: 'protocol', reason: 'The test chose it.' },
      openSocket: (socketOptions, signal) => this.#open(socketOptions, signal),
    })
  }

  /** The connections that have not ended. */
  get open(): ScriptedSocket[] {
    return this.sockets.filter(({ destroyed }) => !destroyed)
  }

  /** What clients sent with commands of this name. */
  sent<N extends RequestName>(name: N): Request<N>[] {
    return this.received.filter((one) => one.name === name).map(({ value }) => value as Request<N>)
  }

  /** The connection over which the last command of this name came. */
  socketOf(name: RequestName): ScriptedSocket {
    return this.received.filter((one) => one.name === name).at(-1)?.socket as ScriptedSocket
  }

  async #open({ host }: SocketOptions, signal: AbortSignal): Promise<Socket> {
    const address = `${host.host}:${host.port}`
    this.addresses.push(address)
    if (this.down.has(address)) throw new NotConnected(`no connection to ${address}: refused`, 'ECONNREFUSED')
    if (this.silent.has(address))
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    const socket = new ScriptedSocket(this.sockets.length, (sent, from) => this.#take(sent, from))
    this.sockets.push(socket)
    return socket.socket
  }

  #take(sent: Sent, socket: ScriptedSocket): void {
    this.received.push({ name: sent.name, value: sent.value, socket })
    // Answers do not come before the call that sent the command has returned. They take no virtual time.
    queueMicrotask(() => {
      const scripted = this.script[sent.name] as
        | ((value: unknown, socket: ScriptedSocket, behind: Buffer) => void)
        | undefined
      if (scripted !== undefined) scripted(sent.value, socket, sent.behind)
      else succeed(sent, socket)
    })
  }
}

/** Answers a command with success. */
export function succeed(sent: Omit<Sent, 'behind'>, socket: ScriptedSocket): void {
  const { name, value } = sent as Sent
  const requestId = 'requestId' in value ? Number(value.requestId) : -1
  if (name === 'connect')
    socket.answer('connected', {
      ...{ serverVersion: 'scripted', protocolVersion: 21, maxMessageBytes: 100_000 },
      features: { metadataWithoutCreation: true },
    })
  else if (name === 'lookup')
    socket.answer('lookupResponse', { requestId, outcome: 1, url: 'pulsar://one:6650' })
  else if (name === 'partitionedMetadata')
    socket.answer('partitionedMetadataResponse', { requestId, outcome: 0, partitions: 0 })
  else if (name === 'producer')
    socket.answer('producerSuccess', { requestId, name: value.name, lastSequence: -1, topicEpoch: 1 })
  else if (name === 'send') {
    const { producerId, sequence } = value
    const place = { ledger: 1, entry: Number(sequence) }
    socket.answer('sendReceipt', { producerId: Number(producerId), sequence: Number(sequence), place })
  } else if (name === 'lastMessageId') {
    const markDeleted = { ledger: 1, entry: -1 }
    socket.answer('lastMessageIdResponse', { requestId, last: { ledger: 1, entry: 7 }, markDeleted })
  } else if (name === 'topicsOfNamespace')
    socket.answer('topicsOfNamespaceResponse', { requestId, topics: [TOPIC] })
  else if (name === 'ack') socket.answer('ackResponse', { requestId, consumerId: Number(value.consumerId) })
  else if (name === 'ping') socket.answer('pong', {})
  else if (requestId >= 0) socket.answer('success', { requestId })
}
