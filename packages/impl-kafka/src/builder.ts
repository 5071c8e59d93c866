import { type BuildWaits, invalidArgument, type OpenerBuilderImpls, type Runtime } from '@wal/walimpls'
import { type NumberId, parseHosts } from '@wal/walimpls/helper'
import { Cluster } from './client/cluster.js'
import { connector } from './client/connect.js'
import { mapError } from './client/error-table.js'
import { checkVersion } from './client/kafkajs.js'
import { type FullKafkaOptions, optionTable } from './client/options.js'
import { KafkaOpener } from './opener.js'
import { messageIds } from './records/message-id.js'

const DEFAULT_PORT = 9092

export const kafkaBuilder: OpenerBuilderImpls<FullKafkaOptions, NumberId> = {
  name: 'kafka',
  schemes: { kafkas: { tls: true } },
  traits: { fencing: 'cluster', truncation: 'record', list: true, delete: true },
  messageIds,
  options: optionTable,
  /** Connects to a broker and makes an opener. Rejects when no broker can be reached. */
  async build(options: FullKafkaOptions, runtime: Runtime, waits: BuildWaits = {}) {
    checkVersion()
    if (options.password !== undefined && options.user === undefined)
      throw invalidArgument('The option "password" of backend "kafka" needs the option "user" beside it')
    waits.signal?.throwIfAborted()
    const cluster = new Cluster({
      connect: connector(options, runtime),
      hosts: parseHosts(options.hosts, DEFAULT_PORT),
      runtime,
      requestTimeoutMs: options.requestTimeoutMs,
    })
    const stop = () => void cluster.close()
    waits.signal?.addEventListener('abort', stop, { once: true })
    try {
      await cluster.begin(waits)
      waits.signal?.throwIfAborted()
      return new KafkaOpener(cluster, options, runtime)
    } catch (error) {
      await cluster.close()
      waits.signal?.throwIfAborted()
      throw mapError(error, `connecting to ${options.hosts.join()}`)
    } finally {
      waits.signal?.removeEventListener('abort', stop)
    }
  },
}
