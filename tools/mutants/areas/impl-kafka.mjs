import { group, source } from '../kafka-source.mjs'

const queue = source('write/produce-queue')
const connection = source('client/connection')
const lane = source('client/lane')
const tail = source('read/tail')
const topics = source('topic/topics')
const brokers = source('client/brokers')
const memory = source('client/topic-memory')
const deadline = source('client/deadline')
const opener = source('opener')

export const kafkaMutants = [
  ...group('connections', [
    [
      'every request on a lost connection makes a connection',
      lane,
      'this.#opening ??= this.#open()',
      'this.#opening = this.#open()',
    ],
    [
      'a request without an answer leaves its connection',
      connection,
      '() => void this.end(new CallFailure(`no answer within',
      '() => void Promise.resolve(new CallFailure(`no answer within',
    ],
    [
      'an answer that fits no request is taken',
      connection,
      'pending.correlation !== correlation',
      'pending.correlation < -1',
    ],
    ['the rest of an answer is dropped', connection, '[bytes.subarray(whole)]', '[Buffer.alloc(0)]'],
    [
      'requests behind a lost connection are never answered',
      connection,
      '      timer.clear()\n      reject(why)\n',
      '      timer.clear()\n',
    ],
    [
      'two batches of one channel travel in one request',
      queue,
      'if (!fits || topics.has(topic)) left.push(entry)',
      'if (!fits) left.push(entry)',
    ],
    [
      'every batch travels alone',
      queue,
      'const fits = taken.length === 0 ||',
      'const fits = taken.length === 0 && ',
    ],
    [
      'a refused batch takes those of other channels with it',
      queue,
      'else if (answer.errorCode !== 0)',
      'else if (results.some(({ errorCode }) => errorCode !== 0))',
    ],
    [
      'a page waits behind the parked poll',
      source('shared'),
      "cluster.lane(node, 'tail')",
      "cluster.lane(node, 'read')",
    ],
    [
      'an append waits behind the parked poll',
      source('shared'),
      "queue: new ProduceQueue({ lane: () => cluster.lane(node, 'produce')",
      "queue: new ProduceQueue({ lane: () => cluster.lane(node, 'tail')",
    ],
    [
      'no other broker is asked',
      brokers,
      'if (mapped.retryable) return askNext()',
      'if (mapped.retryable && hosts.length < 0) return askNext()',
    ],
  ]),
  ...group('metadata', [
    [
      'the broker that names a refused leader is believed',
      memory,
      'return known.doubted && !all',
      'return known.doubted && answered < 0',
    ],
    [
      'a lower leader epoch is believed',
      memory,
      '< known.state.leaderEpoch && answered < listed) return',
      '< known.state.leaderEpoch && answered < 0) return',
    ],
    [
      'a cluster of several brokers that was set back is never believed',
      memory,
      'if (best.leaderEpoch < known.state.leaderEpoch) return !all',
      'if (best.leaderEpoch < known.state.leaderEpoch) return false',
    ],
    [
      'a cluster that was set back is never believed',
      memory,
      '< known.state.leaderEpoch && answered < listed) return',
      '< known.state.leaderEpoch && answered <= listed) return',
    ],
    [
      'one broker decides that a topic is gone',
      memory,
      'if (best === undefined) return !all && views.every(isTold)',
      'if (best === undefined) return false',
    ],
    [
      'a minority decides that a topic is gone',
      memory,
      '    if (!isMost(answered, listed))\n',
      '    if (answered < 0)\n',
    ],
    [
      'a topic is remembered when its logs are closed',
      memory,
      'if (known.logs === 0) this.#topics.delete(topic.name)',
      'if (known.logs < 0) this.#topics.delete(topic.name)',
    ],
    ['looks wait behind slow requests', brokers, "? 'read' : 'ask'", "? 'ask' : 'ask'"],
    [
      'a login and a request have the whole time each',
      lane,
      'return call(connection, deadline.left)',
      'return call(connection, timeoutMs)',
    ],
    ['a broker may use the whole time', deadline, 'const BROKERS_PART = 0.8', 'const BROKERS_PART = 1'],
  ]),
  ...group('close', [
    [
      'close waits for the deadline of every call',
      opener,
      'closeSoon(runtime, () => cluster.close())',
      'closeSoon(runtime, () => {})',
    ],
    ['close leaves the connections', source('shared'), '    await this.cluster.close()\n', ''],
    [
      'close does not wait for appends',
      source('wal'),
      '    await this.#appender.settled()\n    await this.lifetime.settled()\n',
      '',
    ],
  ]),
  ...group('topics', [
    [
      'a topic keeps the times of its producers',
      topics,
      "    'message.timestamp.type': 'LogAppendTime',\n",
      '',
    ],
    ['the broker removes records of a new topic', topics, "    'retention.ms': -1,\n", ''],
    [
      'a leader that lacks records may be elected',
      topics,
      "    'unclean.leader.election.enable': 'false',\n",
      '',
    ],
    [
      'a topic of several partitions is a log',
      topics,
      'if (partitions === 1) return',
      'if (partitions > 0) return',
    ],
    [
      'a compacted topic is a log',
      opener,
      "settings.cleanup !== undefined && settings.cleanup !== 'delete'",
      "settings.cleanup !== undefined && settings.cleanup === ''",
    ],
    [
      'reading makes a topic',
      source('protocol/metadata'),
      '      to.bool(false)\n      to.bool(false)\n',
      '      to.bool(true)\n      to.bool(false)\n',
    ],
    [
      'delete resolves while a broker still has the topic',
      topics,
      'return knowing?.length === 0 ? true : undefined',
      'return knowing !== undefined ? true : undefined',
    ],
    ['topics that are no logs are listed', topics, '      .filter(isChannelName)\n', ''],
    [
      'topics of several partitions are listed',
      topics,
      '!internal && partitions.length === 1',
      '!internal && partitions.length > 0',
    ],
    [
      'two openers cannot make one topic',
      topics,
      "if (!isKafkaError(error, 'TOPIC_ALREADY_EXISTS')) throw error",
      'throw error',
    ],
    [
      'a topic is open before its leader knows',
      topics,
      'topic.leader >= 0 && (await this.#isLed(topic)) ? topic',
      'topic.leader >= 0 ? topic',
    ],
    [
      'truncation frees the last record',
      source('wal'),
      'Math.min(before, messageIds.numberOf(last.id))',
      'before + 1',
    ],
  ]),
]
