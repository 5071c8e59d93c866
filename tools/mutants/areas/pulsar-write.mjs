import { groupOf, source } from '../pulsar-source.mjs'

const appender = source('write/appender')
const registration = source('write/registration')
const sentBatches = source('write/sent-batches')
const readBack = source('write/read-back')
const subscription = source('kept/subscription')
const truncationInLog = source('kept/truncation-in-log')
const adminClient = source('admin/admin-client')
const policies = source('admin/policies')
const guarantees = source('guarantees')
const errorTable = source('driver/error-table')
const chooseDriver = source('choose-driver')
const limits = source('limits')
const opener = source('opener')
const shared = source('shared')
const readOnlyWal = source('read-only-wal')
const builder = source('builder')

const group = groupOf('pulsar')

export const pulsarWriteMutants = [
  ...group('test/write/append', [
    [
      'batches are sent beside the first one',
      appender,
      'this.#renewing || this.#acked === undefined || this.#registration.current === undefined',
      'this.#renewing || (this.#acked === undefined && this.#registration.current === undefined)',
    ],
    [
      'a failed send leaves its producer open',
      appender,
      '      this.#registration.drop(producer)\n      // A fenced',
      '      // A fenced',
    ],
    [
      'a hole is sent again',
      sentBatches,
      'if (missing !== undefined)\n        throw corrupt(',
      'if (missing === number)\n        throw corrupt(',
    ],
    [
      'after a hole the writer goes on',
      appender,
      'else if (ENDING.includes(mapped.code)) this.#dead ??= withoutOutcome(mapped)',
      '',
    ],
    [
      'what the log has is sent again',
      appender,
      'if (stored !== undefined) return this.#idsAt(stored, batch)',
      '',
    ],
    [
      'a batch that was lost gets a new number',
      sentBatches,
      'if (missing !== undefined) this.#next = missing',
      '',
    ],
    [
      'numbers begin at 0 whatever the broker remembers',
      appender,
      'this.#batches.from(producer.lastSequence + 1)',
      'this.#batches.from(0)',
    ],
    [
      'a receipt without a place is taken for one',
      appender,
      'if (place === undefined)\n        throw',
      'if (place === undefined) return []\n      if (place === null)\n        throw',
    ],
    [
      'a receipt below the acknowledged end is taken',
      appender,
      'if (acked === undefined || comparePlaces(place, acked) > 0) return',
      'return',
    ],
    ['a large record is sent to the broker', appender, 'if (tooLarge !== undefined) throw tooLarge', ''],
    ['the producer stays when the log is closed', appender, 'await this.#registration.close()', ''],
  ]),
  ...group('test/write/coming-back', [
    [
      'a writer comes back by fencing',
      registration,
      'const producer = await this.#registered({ epoch })',
      "const producer = await this.#registered('fencing')",
    ],
    [
      'a writer comes back without its topic epoch',
      registration,
      'const producer = await this.#registered({ epoch })',
      "const producer = await this.#registered('free')",
    ],
    ['a writer comes back at once', registration, 'if (early > 0) await sleep(runtime, early)', ''],
    [
      'a writer waits for the fence to be free although it knows no epoch',
      registration,
      'if (epoch === undefined)\n      throw',
      'if (epoch === null)\n      throw',
    ],
    [
      'only a lost fence is told to an append whose producer was closed',
      registration,
      'error instanceof CallFailure ? undefined : error',
      "WalError.isInstance(error) && error.code === 'WAL_FENCED' ? error : undefined",
    ],
    ['a fenced writer asks again', registration, 'if (this.#fenced !== undefined) throw this.#fenced', ''],
    [
      'an idle writer that comes back does not read its log',
      appender,
      'if (this.#acked === undefined) return this.#batches.startAgain()',
      'return this.#batches.startAgain()',
    ],
    [
      'a batch overtakes the one for which the log is read',
      appender,
      'this.#renewing || this.#acked',
      'this.#acked',
    ],
    [
      'records of another writer are passed over',
      sentBatches,
      'if (producer !== name || sequence === undefined)',
      'if (sequence === undefined)',
    ],
    [
      'the log’s end is not compared with the acknowledged one',
      readBack,
      'if (end === undefined || comparePlaces(end, acked) < 0) throw',
      'if (end === null) throw',
    ],
    [
      'the first entry of a look is unchecked',
      readBack,
      'if (first === undefined || comparePlaces(first.place, acked) !== 0)',
      'if (first === undefined)',
    ],
    ['a look has no end in time', readBack, '    requestTimeoutMs,\n  )\n  try', '    2 ** 30,\n  )\n  try'],
    ['a look leaves its reader open', readBack, 'await reader?.close().catch(() => {})', ''],
    [
      'a producer that the broker closed is asked for again',
      errorTable,
      'text: /producer is closed/i',
      'text: /producer was closed/i',
    ],
    [
      'a lost first batch is numbered on',
      sentBatches,
      'for (const number of this.#sent.keys()) this.#next = Math.min(this.#next, number)',
      '',
    ],
  ]),
  ...group('test/write/fence', [
    [
      'a refused opener fences again at once',
      registration,
      "(await this.#registered('fencing')) ?? (await this.#takeFree())",
      "(await this.#registered('fencing'))",
    ],
    ['an opener fences without end', registration, 'if (fences === FENCES ||', 'if ('],
    [
      'an opener asks for the free topic without a pause',
      registration,
      'await sleep(runtime, backoffMs(runtime, 1, { firstMs: 2 * FREE_PAUSE_MS }))',
      'await sleep(runtime, 1)',
    ],
    [
      'a name clash is no refusal',
      registration,
      "const TAKEN = ['ProducerFenced', 'ProducerBusy']",
      "const TAKEN = ['ProducerFenced']",
    ],
    [
      'every error is a refusal',
      registration,
      'error instanceof PulsarError && TAKEN.includes(error.code)',
      'error instanceof PulsarError',
    ],
  ]),
  ...group('test/write/opener', [
    ['a place depends on the order of the hosts', shared, '.sort()', ''],
    [
      'a part of a partitioned topic is a channel',
      shared,
      'if (PARTITION.test(channel))',
      "if (channel === '')",
    ],
    [
      'a close waits for a frozen broker',
      opener,
      'closeSoon(runtime, () => driver.close())',
      'closeSoon(runtime, () => {})',
    ],
    [
      'opening for reading makes the topic',
      opener,
      'if (!(await this.#shared.driver.exists(topic))) throw noChannel(topic)',
      'await this.#shared.driver.cursor(topic, { make: true })',
    ],
    ['a closed log leaves a reader on the broker', readOnlyWal, 'await this.parts.last.close()', ''],
    [
      'a log that is opened again begins with other numbers under the same name',
      shared,
      '-${++this.#opened}`',
      '-${this.#opened}`',
    ],
    [
      'two tokens are taken',
      builder,
      'if (token !== undefined && tokenSupplier !== undefined)',
      'if (token === null)',
    ],
  ]),
  ...group('test/kept/subscription', [
    [
      'truncation acknowledges the entry itself',
      subscription,
      'cursor.advance({ ledger, entry: entry - 1 })',
      'cursor.advance({ ledger, entry })',
    ],
    [
      'truncation acknowledges the last record',
      subscription,
      'messageIds.compare(before, last.id) < 0 ? before : last.id',
      'before',
    ],
    ['the consumer stays', subscription, 'await cursor.close().catch(() => {})', ''],
    [
      'a subscription that was gone is not told',
      subscription,
      'if (cursor.found === false) return [this.#gone()]',
      '',
    ],
    [
      'a subscription that was moved is not told',
      subscription,
      'comparePlaces(acknowledged, kept) >= 0',
      'comparePlaces(acknowledged, kept) > 1000',
    ],
    [
      'records that are gone are not told',
      subscription,
      'return lost ? this.#lost(oldest.place) : undefined',
      'return undefined',
    ],
    [
      'the tick before the last record is not looked at',
      truncationInLog,
      'isTick(last) ? last : await previousTick(last, find)',
      'last',
    ],
  ]),
  ...group('test/admin/admin-client', [
    [
      'the token follows a redirect out of TLS',
      adminClient,
      'if (url.protocol !== first.protocol)',
      'if (url.protocol === first.host)',
    ],
    ['an answer is not bounded', adminClient, 'if (bytes > MAX_ANSWER_BYTES)', 'if (bytes < 0)'],
    [
      'a policy that cannot be read counts as unset',
      policies,
      'if (ttl === undefined) return { ...UNKNOWN_POLICIES, trouble }',
      '',
    ],
    [
      'the namespace is not asked',
      policies,
      'if (ofTopic !== undefined || trouble !== undefined) return ofTopic',
      'if (ofTopic !== null) return ofTopic',
    ],
  ]),
  ...group('src/guarantees', [
    [
      'unknown policies count as harmless',
      guarantees,
      "known.includes(undefined) ? UNKNOWN : 'kept",
      "known.includes(null) ? UNKNOWN : 'kept",
    ],
    ['eviction by a quota is not told', guarantees, 'backlogQuotas?.some(evicts) ||', ''],
  ]),
  ...group('src/driver/error-table', [
    ['a used-up quota is no full storage', errorTable, "code: 'WAL_STORAGE_FULL'", "code: 'WAL_UNAVAILABLE'"],
  ]),
  ...group('src/choose-driver', [
    [
      'the driver is changed in silence when the client cannot be loaded',
      chooseDriver,
      'const native = await loadNative()',
      'const native = await loadNative().catch(() => undefined)',
    ],
  ]),
  ...group('src/limits', [
    [
      'the fullest batch is too large for the broker',
      limits,
      'const BYTES_FOR_ONE = 9',
      'const BYTES_FOR_ONE = 4',
    ],
  ]),
]
