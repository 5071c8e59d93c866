import type { Guarantees } from '@wal/walimpls'
import type { OpenTransaction } from './topic/open-transaction.js'
import type { LogSettings } from './topic/settings.js'

const UNKNOWN = 'unknown'
/** A transaction that has stored nothing for this long, in milliseconds, was probably left open. */
const HANGING_MS = 5_000

/** What an acknowledgement is worth with the settings of topic and broker (G2). What the broker does not tell is unknown. */
export function guaranteesOf(settings: LogSettings, transaction?: OpenTransaction): Guarantees {
  return {
    durability: durabilityOf(settings),
    fencing: fencingOf(settings),
    retention: retentionOf(settings),
    truncation: 'record; the broker frees whole segment files',
    warnings: [...warningsOf(settings), ...hangingOf(transaction)],
  }
}

function durabilityOf({ replicas, minInSync, uncleanElection, flushMessages }: LogSettings): string {
  if (minInSync === undefined || uncleanElection === undefined) return UNKNOWN
  const synced = flushMessages === 1
  const copies = Math.min(minInSync, replicas)
  const where = synced ? 'on the disks' : 'in the memory'
  const kept = `${where} of ${copies === 1 ? 'one broker' : `at least ${copies} of ${replicas} brokers`}`
  if (uncleanElection) return `best-effort: ${kept}, and a leader that lacks the record may be elected`
  return kept
}

function fencingOf({ timestampType, uncleanElection }: LogSettings): string {
  if (timestampType === undefined || uncleanElection === undefined) return UNKNOWN
  if (timestampType !== 'LogAppendTime') return 'all machines, as long as the clocks of all clients are right'
  return uncleanElection ? 'all machines, until a leader is elected that lacks records' : 'all machines'
}

function retentionOf({ cleanup, retentionMs, retentionBytes }: LogSettings): string {
  if (cleanup === undefined || retentionMs === undefined || retentionBytes === undefined) return UNKNOWN
  if (retentionMs < 0 && retentionBytes < 0) return 'kept until truncated, or removed by hand'
  return 'the broker removes old records by itself'
}

function* warningsOf(settings: LogSettings): Generator<string> {
  const { replicas, minInSync, uncleanElection, retentionMs, retentionBytes, timestampType } = settings
  if (uncleanElection)
    yield 'A broker that lacks acknowledged records may become the leader (unclean.leader.election.enable): they are lost then. Set it to false for the topic.'
  if (replicas === 1)
    yield 'The topic has one replica (replication factor 1): what is acknowledged is lost with its broker. Give the topic three replicas (kafka-reassign-partitions.sh), and set min.insync.replicas to 2.'
  if (minInSync === 1 && replicas > 1)
    yield `A record is acknowledged when one of ${replicas} brokers has it (min.insync.replicas 1): when that broker is lost, so is the record. Set min.insync.replicas to ${Math.floor(replicas / 2) + 1} for the topic.`
  if (minInSync !== undefined && minInSync > replicas)
    yield `min.insync.replicas is ${minInSync}, and the topic has ${replicas} replicas: a broker either refuses every append or takes the lower number. Add replicas, or lower the setting.`
  if ((retentionMs ?? -1) >= 0 || (retentionBytes ?? -1) >= 0)
    yield `The broker removes old records by itself (retention.ms ${retentionMs}, retention.bytes ${retentionBytes}). Set both to -1 for the topic.`
  if (timestampType === 'CreateTime')
    yield 'The topic keeps the times of its producers (message.timestamp.type CreateTime). The broker forgets producers by those times, and with them the fence, when a client’s clock is behind. Set message.timestamp.type to LogAppendTime for the topic.'
  if (minInSync === undefined || uncleanElection === undefined)
    yield 'The broker does not tell the topic’s settings: what an acknowledgement is worth is unknown. Allow DescribeConfigs on the topic and on the cluster.'
}

function* hangingOf(transaction: OpenTransaction | undefined): Generator<string> {
  if (transaction === undefined || transaction.idleMs < HANGING_MS) return
  const { producerId, producerEpoch, offset, idleMs } = transaction
  yield `Another application’s transaction is open since record ${offset}, and has stored nothing for ${Math.floor(idleMs / 1000)} s (producer id ${producerId}, epoch ${producerEpoch}): readers stop before it, and appends behind it wait, until it is committed or aborted. kafka-transactions.sh describe-producers shows it, and kafka-transactions.sh abort with --start-offset ${offset} ends it.`
}
