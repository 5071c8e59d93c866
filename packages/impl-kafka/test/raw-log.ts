import { systemRuntime } from '@wal/walimpls'
import { parseHosts, readOptions } from '@wal/walimpls/helper'
import { Cluster } from '../src/client/cluster.js'
import { connector } from '../src/client/connect.js'
import { type FullKafkaOptions, optionTable } from '../src/client/options.js'
import type { TopicState } from '../src/client/topic-memory.js'
import { fetchPage, offsetOf } from '../src/read/fetch-page.js'
import { type BatchHeader, batchHeaders } from '../src/records/batch-header.js'

const PAGE_BYTES = 1024 * 1024

/** What a broker has stored, read by the headers of its batches, without the reader that is under test. */
export class RawLog implements AsyncDisposable {
  private constructor(readonly cluster: Cluster) {}

  static async connect(...addresses: string[]): Promise<RawLog> {
    const options = readOptions<FullKafkaOptions>(optionTable, { hosts: addresses }, 'backend "kafka"')
    const { requestTimeoutMs } = options
    const cluster = new Cluster({
      connect: connector(options, systemRuntime),
      hosts: parseHosts(options.hosts, 9092),
      ...{ runtime: systemRuntime, requestTimeoutMs },
    })
    await cluster.begin()
    return new RawLog(cluster)
  }

  /** The headers of all batches that the topic has, committed or not. */
  async headers(name: string): Promise<BatchHeader[]> {
    const topic = (await this.cluster.freshTopic(name)) as TopicState
    const all: BatchHeader[] = []
    let offset = await offsetOf(this.cluster, topic, 'earliest')
    for (;;) {
      const { records } = await fetchPage(this.cluster, this.cluster.lane(topic.leader, 'read'), {
        ...{ topic, offset, lastEpoch: -1, maxBytes: PAGE_BYTES, isolation: 'uncommitted' },
      })
      const page = batchHeaders(records, name)
      all.push(...page)
      const last = page.at(-1)
      if (last === undefined) return all
      offset = last.lastOffset + 1
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cluster.close()
  }
}
