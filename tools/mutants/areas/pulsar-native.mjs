const native = (name) => `packages/impl-pulsar/src/native/${name}.ts`
const carriedProperties = 'packages/impl-pulsar/src/records/carried-properties.ts'
const test = (name) => `packages/impl-pulsar/test/native/${name}.test.ts`

const group = (harness, mutants) =>
  mutants.map(([name, file, find, replace]) => ({
    ...{ name: `pulsar native: ${name}`, file, find, replace, harness },
  }))

export const pulsarNativeMutants = [
  ...group(test('native-producer'), [
    [
      'a batch is sent without a flush',
      native('native-producer'),
      'const flushed = producer.flush()',
      'const flushed = Promise.resolve()',
    ],
    [
      'the producer that stays fences again when the client reconnects',
      native('native-producer'),
      "const producer = await client.producer(config('Exclusive'))",
      "const producer = await client.producer(config('ExclusiveWithFencing'))",
    ],
    [
      'a lost producer comes back without its epoch',
      native('native-producer'),
      "if (typeof access === 'object')",
      "if (access === 'native')",
    ],
    [
      'a reconnect is not noticed',
      native('native-producer'),
      'registered.producer, () => this.#lost())',
      'registered.producer, () => {})',
    ],
    [
      'a connection is looked at only once',
      native('watch'),
      '    timer = runtime.setTimeout(look, PAUSE_MS, { background: true })\n  }',
      '  }',
    ],
    [
      'an answer over a lost connection is believed',
      native('native-producer'),
      'if (!this.#registered.producer.isConnected()) return this.#lost()',
      '',
    ],
    [
      'more is sent after a lost fence',
      native('native-producer'),
      'if (this.#ended !== undefined) return Promise.reject(this.#ended)\n    const',
      'const',
    ],
    [
      'a send may wait for its answer forever',
      native('native-producer'),
      'this.#end(new CallFailure(`no answer within',
      'void (new CallFailure(`no answer within',
    ],
    [
      'a batch in two entries is acknowledged',
      native('native-producer'),
      'place === undefined || place.ledger !== ledger || place.entry !== entry || place.index !== index',
      'place === undefined',
    ],
    [
      'the client divides batches by its own limits',
      native('native-producer'),
      'batchingMaxMessages: NO_LIMIT',
      'batchingMaxMessages: 1_000',
    ],
    [
      'the broker knows each writer by another name',
      native('native-producer'),
      'producerName: WRITER_NAME',
      'producerName: options.name',
    ],
    [
      'an entry does not say whose it is',
      native('native-messages'),
      'index === 0 ? { ...message, partitionKey: name } : message',
      'index < 0 ? { ...message, partitionKey: name } : message',
    ],
    [
      'a batch that is too large is sent',
      native('native-messages'),
      'if (bytes > maxBytes)',
      'if (bytes < 0)',
    ],
    [
      'a close waits for a client that hangs',
      native('native-client'),
      'await endsWithin(runtime, options.requestTimeoutMs, closed)',
      'await closed',
    ],
    [
      'a registration waits forever',
      native('native-client'),
      'return answered(this.#parts, () => this.#client.createProducer(config))',
      'return this.#client.createProducer(config)',
    ],
  ]),
  ...group(test('native-reader'), [
    [
      'a reader begins behind the entry that was asked for',
      native('native-start'),
      'entry: start.at.entry - 1 }',
      'entry: start.at.entry }',
    ],
    [
      'a first message that the client passed over is lost',
      native('native-reader'),
      'if (!first) {',
      'if (first === undefined) {',
    ],
    ['a half entry is taken for a beginning', native('native-reader'), 'if (at.index > 0) return false', ''],
    [
      'the first entry of a reader of the latest is the last one that it does not want',
      native('first-entry'),
      'comparePlaces(place, start.behind) <= 0',
      'false',
    ],
    [
      'messages come without permits',
      native('native-reader'),
      'if (this.#begun && this.#permits > 0) {',
      'if (this.#begun) {',
    ],
    ['permits are never used up', native('native-reader'), 'this.#permits--', 'this.#permits += 0'],
    ['the client reads far ahead', native('native-reader'), 'const QUEUE = 1\n', 'const QUEUE = 1_000\n'],
    [
      'a close leaves the listener waiting',
      native('native-reader'),
      'this.#generation++\n    this.#release()',
      'this.#generation++',
    ],
    [
      'a reader goes on over another connection',
      native('native-reader'),
      'this.#end(new CallFailure(`the reader of',
      'void (new CallFailure(`the reader of',
    ],
    [
      'the client makes a topic that does not exist',
      native('native-reader'),
      'const side = await parts.protocol.reader(parts.topic, {',
      'await NativeClient.open(parts)\n    const side = await parts.protocol.reader(parts.topic, {',
    ],
    [
      'an error goes into the addon',
      native('native-reader'),
      '.catch((error) => this.#end(error))\n    } catch (error) {',
      '\n    } catch (error) {',
    ],
    [
      'the list of properties is not looked for',
      native('native-messages'),
      'properties: uncarried(list) }',
      'properties: list }',
    ],
    [
      'readers have threads without bound',
      native('native-driver'),
      ' || this.#readers >= MOST_READERS)',
      ')',
    ],
    [
      'the first message of an entry passes for the entry',
      native('native-driver'),
      ' || whole === true || ',
      ' || ',
    ],
    [
      'a scanner is at the end between two messages of the last entry',
      'packages/impl-pulsar/src/read/continuity.ts',
      'return end.index !== undefined && last.part < end.index',
      'return false',
    ],
    [
      'a reader outlives the connection on which the end is asked for',
      native('native-reader'),
      'if (opened !== undefined) opened.#end(error)',
      '',
    ],
  ]),
  ...group(test('native-driver'), [
    [
      'the addon is given a function as a token',
      native('native-client'),
      'return tokenSupplier === undefined ? token : await answered(parts, async () => tokenSupplier())',
      'return (tokenSupplier ?? token)',
    ],
    [
      'a text without a known result is a refusal',
      native('addon-error'),
      'Object.hasOwn(REFUSALS, result) ? REFUSALS[result] : undefined',
      "REFUSALS[result] ?? 'UnknownError'",
    ],
    [
      'a package without its binary counts as not installed',
      native('load-pulsar-client'),
      'if (given === undefined && isMissing(error)) return undefined',
      'return undefined',
    ],
    [
      'certificates are dropped in silence',
      native('native-driver'),
      'if (refusal !== undefined) throw',
      'if (refusal === null) throw',
    ],
  ]),
  ...group('packages/impl-pulsar/src/records/carried-properties.test.ts', [
    ['properties change their order', carriedProperties, 'if (sorted) return list', 'return list'],
    ['a number as a key changes the order', carriedProperties, ' || OUT_OF_ORDER.test(key)', ''],
    ['a property __proto__ is lost', carriedProperties, "key !== '__proto__' &&", ''],
    ['a property ends at its NUL', carriedProperties, "!value.includes('\\0') &&", ''],
    ['a property length is lost', carriedProperties, "key !== 'length' &&", ''],
  ]),
]
