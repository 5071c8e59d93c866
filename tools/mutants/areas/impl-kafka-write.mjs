import { group, source } from '../kafka-source.mjs'

const appender = source('write/appender')
const fence = source('write/fence')
const producer = source('write/producer')
const storedBatch = source('write/stored-batch')
const errorTable = source('client/error-table')

export const kafkaWriteMutants = [
  ...group('fence', [
    [
      'other producers are not ended',
      appender,
      'for (const producerId of inOrder(others, identity.id, current)) {',
      'for (const producerId of inOrder([], identity.id, undefined)) {',
    ],
    [
      'the own id comes last also when it is the current writer’s',
      appender,
      'if (current === own) return [own, ...others]',
      'if (current === own) return [...others, own]',
    ],
    [
      'a current writer that the partition has forgotten is not ended',
      appender,
      'return [current, ...others.filter((id) => id !== current), own]',
      'return [...others, own]',
    ],
    [
      'an ended id is taken for the current writer’s',
      storedBatch,
      '!transactional && producerEpoch < LAST_EPOCH) return producerId',
      '!transactional) return producerId',
    ],
    [
      'the oldest of the other producers is ended first',
      fence,
      'b.lastTimestamp - a.lastTimestamp',
      'a.lastTimestamp - b.lastTimestamp',
    ],
    [
      'an id is ended at an epoch that its coordinator gives out',
      producer,
      'export const LAST_EPOCH = 32_767',
      'export const LAST_EPOCH = 32_766',
    ],
    [
      'a transaction of another client is ended',
      fence,
      'producerEpoch < LAST_EPOCH && transactionStartOffset < 0',
      'producerEpoch < LAST_EPOCH',
    ],
    ['the own id is ended', fence, 'producerId !== own.id && ', ''],
    [
      'a writer under a further id is not noticed',
      appender,
      'if (further.some((producerId) => !ended.has(producerId)))',
      'if (further.some((producerId) => ended.has(producerId)))',
    ],
    [
      'a leader of before is asked for producers behind the record',
      appender,
      'this.#storedAt ?? topic',
      'topic',
    ],
    [
      'a first copy that was not sent counts as sent',
      appender,
      'error instanceof Unsent ? copies - 1 : copies',
      'copies',
    ],
    ['the ids of the last copy are answered', appender, 'stored ??= offset', 'void offset'],
    [
      'another opener’s record is taken for the own copy',
      storedBatch,
      '  return records.subarray(header.start + RECORDS, header.end).equals(batch.subarray(RECORDS))',
      '  return records.length > 0 && batch.length > RECORDS',
    ],
    [
      'an id that somebody else has ended fails the fence',
      appender,
      'if (isKafkaError(error, ...SEQUENCE_ERRORS)) return undefined',
      'if (isKafkaError(error)) return undefined',
    ],
    [
      'a fence that failed behind a copy tells not written',
      appender,
      "sent > 0 ? 'unknown' : 'not-written'",
      "sent > 0 ? 'not-written' : 'not-written'",
    ],
    [
      'the expected epoch is named',
      source('protocol/init-producer-id'),
      '      to.int64(-1)\n      to.int16(-1)\n',
      '      to.int64(1000)\n      to.int16(0)\n',
    ],
    ['a coordinator that is not ready is final', fence, "  'CONCURRENT_TRANSACTIONS',\n", ''],
    ['a coordinator is waited for without end', fence, ' || deadline.left <= PAUSE_MS', ''],
  ]),
  ...group('append', [
    ['the numbers are not rewound', producer, 'this.#next = this.#settled\n', 'void this.#settled\n'],
    [
      'another batch gets the numbers of one that may be stored',
      producer,
      'if (before !== undefined && before.sequence !== batch.sequence) return undefined\n',
      '',
    ],
    [
      'a refusal frees the numbers of a batch that may be stored',
      producer,
      'this.#doubtful.get(baseSequence)?.mayBeStored === false',
      'this.#doubtful.get(baseSequence)?.mayBeStored !== undefined',
    ],
    [
      'a batch that was refused behind another keeps its numbers',
      appender,
      '          producer.refused(stamp)\n          throw',
      '          throw',
    ],
    [
      'every batch that waits for a new epoch asks for one',
      appender,
      'mustWait: () => this.#renewing > 0 || this',
      'mustWait: () => this',
    ],
    [
      'a batch that is stored behind a failed one moves the numbers',
      appender,
      '      producer.mayBeStored(stamp)\n      return this.#idsFrom(baseOffset, batch, producer)\n    } catch (error) {\n      const behind',
      '      producer.stored(batch.count)\n      return this.#idsFrom(baseOffset, batch, producer)\n    } catch (error) {\n      const behind',
    ],
    [
      'a batch behind a failed one is looked for',
      appender,
      'if (behind || producer !== this.#producer) {',
      'if (producer !== this.#producer) {',
    ],
    [
      'an offset that the log had already is acknowledged',
      appender,
      'if (produced.baseOffset <= this.#acked)',
      'if (produced.baseOffset < -1)',
    ],
    [
      'a batch goes to the former leader again',
      appender,
      '      cluster.forget(topic.name)\n      throw error\n',
      '      throw error\n',
    ],
    [
      'a batch goes to another topic of that name',
      appender,
      'if (found === undefined || found.id !== topic.id)',
      'if (found === undefined)',
    ],
    [
      'a batch without a connection counts as sent',
      source('write/produce-queue'),
      'throw new Unsent(error)',
      'throw error',
    ],
    [
      'a batch whose leader nobody tells counts as sent',
      appender,
      'await this.#ledTopic().catch(unsent)',
      'await this.#ledTopic()',
    ],
    [
      'a batch that was not sent frees the numbers of an earlier attempt',
      producer,
      '?.mayBeStored === false) this.#doubtful.delete(baseSequence)',
      ') this.#doubtful.delete(baseSequence)',
    ],
    [
      'an acknowledged batch moves the numbers of the present epoch instead of its own',
      appender,
      'const producer = this.#storedUnder.get(ids)',
      'const producer = this.#producer',
    ],
    [
      'no answer counts as not written',
      errorTable,
      "const SILENCE: ErrorMeaning = { retryable: true, outcome: 'unknown' }",
      "const SILENCE: ErrorMeaning = { retryable: true, outcome: 'not-written' }",
    ],
  ]),
  ...group('sequence-errors', [
    [
      'a sequence error is told as it is',
      appender,
      'if (isKafkaError(error, ...SEQUENCE_ERRORS))\n        return this.#renewed(() => this.#afterSequenceError(batch, encoded, { producer, stamp }))\n',
      '',
    ],
    [
      'a batch is stored again without a look in the log',
      appender,
      'return found === undefined ? this.#sendRenewed',
      'return found === undefined || found >= 0 ? this.#sendRenewed',
    ],
    [
      'a batch is found by its first number alone',
      storedBatch,
      '      header.producerId === stamp.producerId &&\n      header.producerEpoch === stamp.producerEpoch &&\n',
      '',
    ],
    [
      'a batch of another first number is taken for the one that is looked for',
      storedBatch,
      ' &&\n      header.baseSequence === stamp.baseSequence',
      '',
    ],
    [
      'a lost end is not noticed when another record lies there',
      storedBatch,
      'header.baseOffset <= acked && !isOf(header, ackedBy)',
      'header.baseOffset <= acked && header.count < 0',
    ],
    ['a lost end is not noticed', storedBatch, 'if (end <= acked) throw', 'if (end < 0) throw'],
    [
      'the look ends with the first page',
      storedBatch,
      'if (offset === before)\n      throw',
      'if (offset > before) return\n    if (offset === before)\n      throw',
    ],
    [
      'the look ends at an open transaction',
      storedBatch,
      "lastEpoch: -1, maxBytes }, isolation: 'uncommitted' }",
      "lastEpoch: -1, maxBytes }, isolation: 'committed' }",
    ],
    [
      'the last record is looked for under the present id',
      appender,
      'ackedBy: this.#ackedBy, stamp',
      'ackedBy: { id: stamp.producerId, epoch: stamp.producerEpoch }, stamp',
    ],
    [
      'the look goes on as long as somebody appends',
      storedBatch,
      'offset < end; ) {',
      'offset < Number.MAX_SAFE_INTEGER; ) {',
    ],
    [
      'the look begins at a record that others have removed',
      storedBatch,
      "error.code === 'WAL_POSITION_TRUNCATED') return undefined",
      "error.code === 'WAL_CLOSED') return undefined",
    ],
    [
      'batches follow one that is the first of its epoch',
      appender,
      'this.#producer?.known !== true',
      'this.#producer === undefined',
    ],
    [
      'a look that fails tells not written',
      appender,
      "ackedBy: this.#ackedBy, stamp })\n    } catch (error) {\n      throw this.#mapped(error, 'unknown')",
      "ackedBy: this.#ackedBy, stamp })\n    } catch (error) {\n      throw this.#mapped(error, 'not-written')",
    ],
  ]),
  ...group('errors', [
    [
      'a batch on too few replicas counts as not written',
      errorTable,
      "doubtful({\n    names: ['NOT_ENOUGH_REPLICAS_AFTER_APPEND']",
      "passing({\n    names: ['NOT_ENOUGH_REPLICAS_AFTER_APPEND']",
    ],
    [
      'a time-out of the broker counts as not written',
      errorTable,
      "doubtful({ names: ['REQUEST_TIMED_OUT'",
      "passing({ names: ['REQUEST_TIMED_OUT'",
    ],
    [
      'a permission that is missing is waited for',
      errorTable,
      "refused({ names: ['TOPIC_AUTHORIZATION_FAILED']",
      "passing({ names: ['TOPIC_AUTHORIZATION_FAILED']",
    ],
    [
      'a newer writer is not told',
      errorTable,
      "'INVALID_PRODUCER_EPOCH', 'PRODUCER_FENCED'",
      "'PRODUCER_FENCED'",
    ],
    [
      'a sequence error counts as not written',
      errorTable,
      'doubtful({\n    // The writer looks',
      'passing({\n    // The writer looks',
    ],
  ]),
  ...group('append', [
    [
      'the numbers of a batch that is stored behind a failed one are freed',
      appender,
      '      producer.mayBeStored(stamp)\n      return this.#idsFrom(baseOffset, batch, producer)\n    } catch (error) {\n      const behind',
      '      return this.#idsFrom(baseOffset, batch, producer)\n    } catch (error) {\n      const behind',
    ],
  ]),
  ...group('append', [
    [
      'two batches get new epochs at once',
      appender,
      '      await before\n    } catch {\n      throw notWrittenBehind()\n    }\n    return this.#sendRenewed',
      '      void before\n    } catch {\n      throw notWrittenBehind()\n    }\n    return this.#sendRenewed',
    ],
    [
      'batches overtake those that wait to be sent',
      'packages/walimpls/src/helper/pipelined-appends.ts',
      ' || this.#waiting > 0',
      '',
    ],
  ]),
  {
    name: 'kafka: the numbers do not begin again behind 2^31 − 1',
    file: producer,
    find: 'this.#next = (first + batch.count) % SEQUENCES',
    replace: 'this.#next = first + batch.count',
    harness: 'packages/impl-kafka/src/write/producer.test.ts',
  },
  {
    name: 'kafka: the numbers of acknowledged batches do not begin again',
    file: producer,
    find: 'this.#settled = (this.#settled + count) % SEQUENCES',
    replace: 'this.#settled = this.#settled + count',
    harness: 'packages/impl-kafka/src/write/producer.test.ts',
  },
]
