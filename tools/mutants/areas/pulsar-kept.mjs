import { groupOf, source } from '../pulsar-source.mjs'

const cursor = source('protocol/protocol-cursor')
const firstEntry = source('read/first-entry')
const guarantees = source('guarantees')
const lastRecord = source('read/last-record')
const opener = source('opener')
const policies = source('admin/policies')
const policyWarnings = source('admin/policy-warnings')
const reader = source('protocol/protocol-reader')
const readOnlyWal = source('read-only-wal')
const subscription = source('kept/subscription')
const truncationInLog = source('kept/truncation-in-log')

const group = groupOf('pulsar kept')

export const pulsarKeptMutants = [
  ...group('test/scripted-read/last-record', [
    [
      'the last record of a log that lost everything is remembered',
      lastRecord,
      'if (place === undefined) return undefined',
      'if (place === undefined) return this.#known?.message',
    ],
    [
      'the last record of a log that has grown is remembered',
      lastRecord,
      'comparePlaces(known.place, place) === 0',
      'comparePlaces(known.place, place) <= 0',
    ],
    [
      'the last record is read each time',
      lastRecord,
      'known.over === reader && comparePlaces',
      'known.over === undefined && comparePlaces',
    ],
    ['the last record is remembered over a lost connection', lastRecord, ' && known.over === reader', ''],
    ['the last record is the first one of its entry', lastRecord, '.at(-1)', '.at(0)'],
    [
      'the first entry behind one that was removed is the last',
      lastRecord,
      'entry !== undefined && comparePlaces(entry.place, place) === 0',
      'entry !== undefined',
    ],
    [
      'a last entry that is removed each time is looked for forever',
      lastRecord,
      'looks === MOST_LOOKS',
      'looks < 0',
    ],
    [
      'a last entry without a record is not told',
      lastRecord,
      'if (message === undefined)\n      throw',
      'if (message === null)\n      throw',
    ],
    [
      'the answer shares its bytes with the memory',
      lastRecord,
      'message && { ...message, payload: Buffer.from(message.payload), properties: [...message.properties] }',
      'message',
    ],
    [
      'the memory of the last record keeps its entry',
      lastRecord,
      'return { ...message, payload: Buffer.from(message.payload) }',
      'return message',
    ],
    ['a close leaves the reader', lastRecord, 'await (await reader?.catch(() => undefined))?.close()', ''],
    [
      'a question behind the close leaves a reader',
      lastRecord,
      'this.#closed ? made.close() : undefined',
      'undefined',
    ],
    ['a reader that has ended is asked', lastRecord, 'ended: forget', 'ended: () => {}'],
    ['a reader that could not be opened is kept', lastRecord, '.catch(forget)', '.catch(() => {})'],
    [
      'an entry that never comes is waited for forever',
      firstEntry,
      'notGiven(topic, requestTimeoutMs)), requestTimeoutMs)',
      'notGiven(topic, requestTimeoutMs)), 2 ** 30)',
    ],
    [
      'an entry that was removed is waited for',
      firstEntry,
      "(last === undefined || (start !== 'earliest' && comparePlaces(last, start) < 0))",
      '(last === null)',
    ],
    [
      'a look at one entry leaves its reader open',
      firstEntry,
      '    timer.clear()\n    await reader.close()',
      '    timer.clear()',
    ],
  ]),
  ...group('test/scripted/reader', [
    [
      'a closed reader permits messages',
      reader,
      'if (this.#ended === undefined && messages > 0)',
      'if (messages > 0)',
    ],
    [
      'a reader permits nothing by a command',
      reader,
      'if (this.#ended === undefined && messages > 0)',
      'if (this.#ended === undefined)',
    ],
    ['a reader’s subscription stays', reader, 'durable: false', 'durable: true'],
    [
      'all readers have one name',
      reader,
      '`wal-reader-${randomName(runtime)}`',
      "'wal-reader-0123456789abcdef'",
    ],
    [
      'a closed reader stays on the broker',
      reader,
      "this.#finish(new CallFailure('the reader was closed'))\n",
      "this.#finish(new CallFailure('the reader was closed'))\n    if (this.#open) return\n",
    ],
    [
      'a reader that was not answered in time stays on the broker',
      reader,
      'if (!(error instanceof PulsarError)) this.#leave()',
      '',
    ],
    [
      'a reader whose answer came at the last moment stays on the broker',
      reader,
      'this.#finish(signal.reason)\n      this.#leave()',
      'this.#finish(signal.reason)',
    ],
    [
      'a reader whose answer came at the last moment is given out, though it has ended',
      reader,
      'this.#leave()\n      throw signal.reason',
      'this.#leave()',
    ],
    [
      'a reader that the broker has closed counts as open',
      reader,
      'if (ended !== undefined) throw ended.why',
      '',
    ],
    [
      'an entry that stays damaged ends every reader',
      reader,
      'if (!damaged.again(topic, place))',
      'if (place.entry >= 0)',
    ],
    [
      'an error of a receiver ends the connection',
      reader,
      '      this.#leave()\n      this.#end(error)',
      '      throw error',
    ],
    ['an emptied log has a last entry', reader, 'ledger < 0 || entry < 0 ?', 'ledger < 0 ?'],
  ]),
  ...group('test/scripted/cursor', [
    ['one entry is acknowledged by itself', cursor, 'const CUMULATIVE = 1', 'const CUMULATIVE = 0'],
    ['one opener has the subscription', cursor, 'const FAILOVER = 2', 'const FAILOVER = 0'],
    [
      'a refused acknowledgement counts',
      cursor,
      'comparePlaces(last, place) >= 0) return\n',
      'comparePlaces(last, place) >= 0) return\n    this.#advanced = place\n',
    ],
    [
      'an old broker’s acknowledgement is not waited for',
      cursor,
      '    await markDeleted(consumer, signal)\n  }',
      '  }',
    ],
    [
      'any subscription of a topic counts as found',
      cursor,
      'place.entry >= 0 ? true : undefined',
      'place.entry >= -1 ? true : undefined',
    ],
    [
      'a cursor that comes back makes the topic',
      cursor,
      'subscribe(this.#parts, false, signal)',
      'subscribe(this.#parts, true, signal)',
    ],
    ['each call subscribes a cursor that comes back', cursor, 'this.#subscribing ??=', 'this.#subscribing ='],
  ]),
  ...group('test/kept/subscription', [
    [
      'only a topic that was there gets a subscription',
      subscription,
      'this.#with({ make: true }, async (cursor)',
      'this.#with({ make: existed }, async (cursor)',
    ],
    [
      'the subscription of a topic that was there is not looked at',
      subscription,
      'existed ? this.#look(cursor) : []',
      '[]',
    ],
    [
      'a topic that another writer makes at once had lost its subscription',
      subscription,
      'existed ? this.#look(cursor) : []',
      'this.#look(cursor)',
    ],
    [
      'a subscription that stands at the truncation point is not told',
      subscription,
      'comparePlaces(acknowledged, kept) >= 0',
      'comparePlaces(acknowledged, kept) > 0',
    ],
    [
      'records that are gone from a log that was never truncated are not told',
      subscription,
      'begin === undefined ? beginsLater(oldest.records()[0]) :',
      'begin === undefined ? false :',
    ],
    [
      'records that are gone behind the truncation point are not told',
      subscription,
      'comparePlaces(oldest.place, begin) > 0',
      'false',
    ],
    [
      'a log that begins at its truncation point has lost records',
      subscription,
      'comparePlaces(oldest.place, begin) > 0',
      'comparePlaces(oldest.place, begin) >= 0',
    ],
    [
      'the first record of an entry is found for any of its records',
      subscription,
      'found.records()[id.index]',
      'found.records()[0]',
    ],
    [
      'the first record behind one that is gone is found for it',
      subscription,
      'found !== undefined && comparePlaces(found.place, id) === 0 ?',
      'found !== undefined ?',
    ],
    [
      'a record that cannot be decoded keeps a log from being opened',
      subscription,
      'if (WalError.isInstance(error)) return []',
      '',
    ],
    ['a look that failed counts as good', subscription, '      throw error\n', '      return []\n'],
    ['any record counts as a time tick', truncationInLog, 'RESERVED.recoveryPoint', 'RESERVED.previousTick'],
  ]),
  ...group('test/write/opener', [
    [
      'the subscription is made after the open',
      opener,
      'const subscriptionWarnings = await subscription.make()',
      'const subscriptionWarnings: string[] = []\n          subscription.make().catch(() => {})',
    ],
    ['a failed open leaves its reader', opener, '          await last.close()\n', ''],
    [
      'policies are read once',
      readOnlyWal,
      'const POLICIES_AGE_MS = 60_000',
      'const POLICIES_AGE_MS = 2 ** 50',
    ],
    ['a closed log closes its reader under a question', readOnlyWal, 'await this.lifetime.settled()', ''],
  ]),
  ...group('test/admin/admin-client', [
    ['a refusal counts as a policy that nobody has set', policies, '[404, 405, 412]', '[401, 404, 405, 412]'],
    ['idle topics count as deleted though they are not', policies, 'deleteWhileInactive === false || ', ''],
    [
      'a quota is read from its old field alone',
      policies,
      "Math.max(field(quota, 'limitSize'), field(quota, 'limit'))",
      "field(quota, 'limit')",
    ],
    [
      'the write quorum counts as the ack quorum',
      policies,
      "acknowledged = field(value, 'bookkeeperAckQuorum')",
      "acknowledged = field(value, 'bookkeeperWriteQuorum')",
    ],
    ['a topic’s policies are asked for without those of the broker', policies, '?applied=true', ''],
    [
      'a namespace is asked for a policy by the topic’s name of it',
      policies,
      '`namespaces/${namespace}/${ofNamespace}`',
      '`namespaces/${namespace}/${name}`',
    ],
  ]),
  ...group('src/guarantees', [
    ['a message TTL is not told', policyWarnings, 'if (ttlSeconds > 0)', 'if (ttlSeconds < 0)'],
    [
      'the expiration of subscriptions is not told',
      policyWarnings,
      'if (subscriptionExpiryMinutes > 0)',
      'if (subscriptionExpiryMinutes < 0)',
    ],
    [
      'backlog quotas are not told',
      policyWarnings,
      'for (const quota of backlogQuotas) yield* quotaWarning(quota, context)',
      '',
    ],
    [
      'a quota without limits is told',
      policyWarnings,
      'if (limitBytes <= 0 && limitSeconds <= 0) return',
      '',
    ],
    [
      'a quota in time evicts nothing',
      policyWarnings,
      '(limitBytes > 0 || limitSeconds > 0)',
      'limitBytes > 0',
    ],
    [
      'the deletion of idle topics is not told',
      policyWarnings,
      'if (inactiveTopics === DELETED_WHEN_CAUGHT_UP)\n    yield',
      "if (inactiveTopics === '')\n    yield",
    ],
    [
      'policies that cost something are not told',
      policyWarnings,
      '  yield* costs(policies, namespace)\n',
      '',
    ],
    [
      'a single copy is not told',
      policyWarnings,
      'if (copies?.acknowledged === 1)',
      'if (copies?.acknowledged === 0)',
    ],
    [
      'policies that cannot be read are not told',
      policyWarnings,
      'if (policies.trouble !== undefined)',
      'if (policies.trouble === null)',
    ],
    ['a moved subscription is not told', guarantees, '...subscriptionWarnings, ', ''],
    [
      'what the native driver keeps less well is not told',
      guarantees,
      "name === 'native' ? NATIVE_WARNINGS : []",
      '[]',
    ],
  ]),
]
