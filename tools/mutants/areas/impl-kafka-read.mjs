import { group, source } from '../kafka-source.mjs'

const connection = source('client/connection')
const lane = source('client/lane')
const fetchPage = source('read/fetch-page')
const lastRecords = source('read/last-records')
const scanner = source('read/scanner')
const tail = source('read/tail')
const toldEnd = source('read/told-end')
const topics = source('topic/topics')
const memory = source('client/topic-memory')
const readOnly = source('read-only-wal')

export const kafkaReadMutants = [
  ...group('tail', [
    ['every poll names all logs', tail, '      if (this.#inSession.get(id) === place.offset) continue\n', ''],
    [
      'a log that nobody follows stays in the session',
      tail,
      'sessionEpoch: this.#epoch, topics, forgotten }',
      'sessionEpoch: this.#epoch, topics, forgotten: [] }',
    ],
    ['a dropped session ends the readers', tail, "  'FETCH_SESSION_ID_NOT_FOUND',\n", ''],
    [
      'a session that begins again has only the logs that changed',
      tail,
      '      this.#inSession.clear()\n',
      '',
    ],
    [
      'the requests of a session have no numbers',
      tail,
      'this.#epoch >= LAST_SESSION_EPOCH ? 1 : this.#epoch + 1',
      'this.#epoch >= LAST_SESSION_EPOCH ? 1 : 1',
    ],
    [
      'every error of a poll begins another session',
      tail,
      'if (SESSION_ERRORS.includes(errorName(errorCode))) {',
      'if (errorCode !== 0 || SESSION_ERRORS.includes(errorName(errorCode))) {',
    ],
    [
      'a reader gets the records of another place',
      tail,
      'result: waiter.place.offset === wanted ? result : undefined',
      'result: waiter.place.offset !== undefined || wanted ? result : undefined',
    ],
    [
      'a poll that failed leaves its readers waiting',
      tail,
      'for (const waiter of [...waiters]) waiter.reject(error)',
      'for (const waiter of [...waiters]) void waiter',
    ],
    [
      'a reader waits on over another connection of the poll',
      tail,
      'over.continues(waiter.over)\n',
      '(over.continues(waiter.over) || over !== undefined)\n',
    ],
    [
      'a reader begins to wait though its connection is lost',
      tail,
      'waiter.over === undefined && !waiter.place.read.ended',
      'waiter.over === undefined',
    ],
    [
      'a log that lost its end is not told to those who wait there',
      tail,
      'records.length === 0 && divergingEpoch === undefined && topicError === 0',
      'records.length === 0 && topicError === 0',
    ],
  ]),
  ...group('last', [
    [
      'an unchanged log is read again',
      lastRecords,
      'this.#isKnown(end) ? this.#message',
      'this.#isKnown(end) && end.offset < 0 ? this.#message',
    ],
    [
      'another leader’s log of the same length counts as unchanged',
      lastRecords,
      ' && known.leaderEpoch === leaderEpoch',
      '',
    ],
    [
      'a broker that was started again is answered for from memory',
      lastRecords,
      ' && known.over === over',
      '',
    ],
    [
      'a damaged record behind the last whole one is passed over',
      lastRecords,
      '      offset = next\n',
      '      if (last !== undefined) return last\n      offset = next\n',
    ],
    [
      'a reader’s question waits for the pause of writers',
      readOnly,
      'soon: this.asksSoon,',
      'soon: this.asksSoon && !this.asksSoon,',
    ],
    [
      'a broker is asked without pause',
      lastRecords,
      'if (pause > 0) await sleep',
      'if (pause > 1000) await sleep',
    ],
    [
      'a record of an open transaction is the last one',
      lastRecords,
      "listOffsetsRequest({\n        isolation: 'committed'",
      "listOffsetsRequest({\n        isolation: 'uncommitted'",
    ],
    [
      'the look back ends at the first batch without a record',
      lastRecords,
      '      to = from\n',
      '      to = 0 * from\n',
    ],
    [
      'records of aborted transactions are the last ones',
      lastRecords,
      'from: offset, aborted, maxBytes',
      'from: offset, aborted: aborted.slice(0, 0), maxBytes',
    ],
    [
      'a log without a record left has none',
      lastRecords,
      'throw truncated(topic.name, end - 1, undefined)',
      'return end < 0 ? Promise.reject(truncated(topic.name, end - 1, undefined)) : undefined',
    ],
    [
      'the answer shares its bytes with the memory',
      lastRecords,
      'payload: Buffer.from(message.payload)',
      'payload: message.payload',
    ],
  ]),
  ...group('scanner', [
    [
      'no page is requested ahead',
      scanner,
      '    this.#ahead.begin(String(this.#offset), this.#fetch(this.#offset, maxBytes))\n    return false\n',
      '    return false\n',
    ],
    [
      'the log’s end is not told',
      scanner,
      'this.#ended = this.#messages.length > 0',
      'this.#ended = this.#messages.length < 0',
    ],
    [
      'pages go on behind the last stable offset',
      scanner,
      'const { lastStableOffset: end } = page',
      'const { highWatermark: end } = page',
    ],
    [
      'an end below the reader’s place is told',
      scanner,
      'if (from > end && this.#offset === from)\n',
      'if (from > end) return true\n    if (from > end && this.#offset === from)\n',
    ],
    [
      'records above the end that their answer tells are an error',
      scanner,
      'if (from > end && this.#offset === from)\n',
      'if (this.#offset > end)\n',
    ],
    [
      'an end that stands back is told',
      scanner,
      'leader.hasTold(over, topic) ? undefined : leader',
      'over !== undefined ? undefined : leader',
    ],
    [
      'a new leader counts as one that has told the end',
      toldEnd,
      ' && told.topic.leaderEpoch === leaderEpoch',
      '',
    ],
    [
      'a broker that was started again counts as one that has told the end',
      toldEnd,
      ' || !over.continues(told.over)',
      '',
    ],
    ['a leader is asked for the end by every scanner', toldEnd, '    this.#told = { over, topic }\n', ''],
    [
      'the oldest record of a truncated log is not looked for',
      scanner,
      "      if (start === 'oldest') this.#offset = oldest.offset\n      else if",
      '      if',
    ],
    [
      'a reader of the latest compares no leader epoch',
      scanner,
      '        this.#epoch = end.leaderEpoch\n',
      '',
    ],
    [
      'a large batch that the poll brought in part is not asked for again',
      scanner,
      'if (tailed !== undefined && this.#offset === from) {',
      'if (tailed !== undefined && this.#offset < from) {',
    ],
    [
      'records of open transactions are asked for',
      fetchPage,
      "maxBytes, isolation = 'committed' } = request",
      "maxBytes, isolation = 'uncommitted' } = request",
    ],
    [
      'a reader of the latest begins at the log’s beginning',
      toldEnd,
      "const end = await askOffset(cluster, over, { topic, wanted: 'latest' })",
      "const end = await askOffset(cluster, over, { topic, wanted: 'earliest' })",
    ],
    [
      'a start below the log’s beginning reads on',
      scanner,
      'else if (this.#offset < oldest.offset) throw',
      'else if (this.#offset < oldest.offset - 1e6) throw',
    ],
    [
      'a truncated record counts as a lost end',
      fetchPage,
      'if (offset < oldest) throw truncated',
      'if (offset < 0) throw truncated',
    ],
    [
      'a lost end counts as truncated',
      fetchPage,
      'if (offset < oldest) throw truncated',
      'if (offset >= 0) throw truncated',
    ],
    [
      'records of another leader’s log are read',
      fetchPage,
      'lastFetchedEpoch: lastEpoch,',
      'lastFetchedEpoch: Math.min(-1, lastEpoch),',
    ],
    [
      'another topic of that name is read',
      readOnly,
      'if (found?.id !== topic.id) throw',
      'if (found === undefined) throw',
    ],
    [
      'the poll does not look for a lost end',
      scanner,
      'lastEpoch: this.#epoch, read, over',
      'lastEpoch: -1, read, over',
    ],
    [
      'damage hides the records before it',
      source('records/batch-decoder'),
      'if (result.messages.length === 0) throw error',
      'if (result.messages.length >= 0) throw error',
    ],
    [
      'a scanner goes on over another connection',
      scanner,
      'return fetchUnchecked(cluster, this.#connection as Connection, request)',
      "return fetchUnchecked(cluster, cluster.lane(topic.leader, 'read'), request)",
    ],
  ]),
]
