const protocol = (name) => `packages/impl-pulsar/src/protocol/${name}`
const wire = (name) => `packages/impl-pulsar/src/wire/${name}`
const scripted = (name) => `packages/impl-pulsar/test/scripted/${name}.test.ts`

const connection = protocol('connection.ts')
const pool = protocol('connection-pool.ts')
const lookup = protocol('lookup.ts')
const producer = protocol('protocol-producer.ts')
const reader = protocol('protocol-reader.ts')
const cursor = protocol('protocol-cursor.ts')

const group = (harness, mutants) =>
  mutants.map(([name, file, find, replace]) => ({ name: `pulsar: ${name}`, file, find, replace, harness }))

export const pulsarProtocolMutants = [
  ...group(scripted('connection'), [
    ['a ping of the broker is not answered', connection, "this.send('pong', {})", ''],
    [
      'a silent connection is never given up',
      protocol('keep-alive.ts'),
      'if (this.#asked) lost()',
      'if (false) lost()',
    ],
    [
      'a sign of life does not count',
      protocol('keep-alive.ts'),
      '    this.#asked = false\n  }\n\n  stop',
      '  }\n\n  stop',
    ],
    [
      'a dead connection is kept when a request on it was not answered',
      connection,
      'this.#keepAlive.heardAt <= sentAt',
      'false',
    ],
    [
      'one slow request ends the connection of all',
      connection,
      'reason instanceof CallFailure && this.#keepAlive.heardAt <= sentAt',
      'reason instanceof CallFailure',
    ],
    [
      'a frame may claim any size',
      wire('frame-splitter.ts'),
      'size < SIZE_BYTES || size > this.maxBytes',
      'size < SIZE_BYTES',
    ],
    [
      'an answer of another kind is taken for the right one',
      protocol('pending-requests.ts'),
      'name === pending.answer',
      'true',
    ],
    [
      'a field that must be there may be missing',
      wire('fields.ts'),
      "presence === 'required' && value",
      'false && value',
    ],
  ]),
  ...group(scripted('pool'), [
    ['each caller makes a connection of its own', pool, 'this.#opening.set(key, opening)', ''],
    [
      'a connection that has ended is used',
      pool,
      'connection !== undefined && !connection.ended',
      'connection !== undefined',
    ],
    ['the first host is asked first, though it did not answer', lookup, 'this.#host = at', ''],
    [
      'a host that does not answer takes all the time',
      protocol('protocol-driver.ts'),
      'options.requestTimeoutMs / hosts.length',
      'options.requestTimeoutMs',
    ],
  ]),
  ...group(scripted('lookup'), [
    ['a proxy is passed by', lookup, 'throughProxy !== true ||', 'throughProxy === true ||'],
    ['a lookup may go round in circles', lookup, 'redirects < MAX_REDIRECTS', 'redirects < 1e4'],
    [
      'a partitioned topic is taken for a log',
      protocol('topics.ts'),
      'if (partitions > 0)',
      'if (partitions < 0)',
    ],
    ['asking for a topic makes it', protocol('topics.ts'), 'mayCreate: false', 'mayCreate: true'],
  ]),
  ...group(scripted('producer'), [
    [
      'a producer comes back by fencing',
      producer,
      'return { access: 1, topicEpoch: access.epoch }',
      'return { access: 3 }',
    ],
    [
      'a producer comes back without its epoch',
      producer,
      'return { access: 1, topicEpoch: access.epoch }',
      'return { access: 1 }',
    ],
    ['two writers are let in under two names', producer, 'name: REGISTERED_NAME', 'name: this.#options.name'],
    [
      'a registration that timed out stays on the broker',
      producer,
      'if (!(error instanceof PulsarError)) this.#leave()',
      '',
    ],
    [
      'a send may wait for its receipt forever',
      protocol('receipt-timer.ts'),
      'if (left <= 0) this.#late()',
      'if (left <= 0) return',
    ],
    [
      'a producer that the broker closed sends on',
      producer,
      'if (this.#ended !== undefined) return Promise.reject(this.#ended.why)',
      '',
    ],
  ]),
  ...group(scripted('reader'), [
    ['a reader makes the topic', reader, 'makeTopic: false', 'makeTopic: true'],
    ['a reader begins behind the entry asked for', reader, ', batchIndex: 0 }', ' }'],
    ['a wrong check sum is not noticed', reader, 'checkSum === undefined ||', 'true ||'],
  ]),
  ...group(scripted('cursor'), [
    [
      'the cursor goes backwards',
      cursor,
      'if (last !== undefined && comparePlaces(last, place) >= 0) return',
      '',
    ],
    [
      'a cursor that could not be opened leaves its consumer',
      cursor,
      '      leave(consumer)\n      throw error\n    }\n    // The protocol',
      '      throw error\n    }\n    // The protocol',
    ],
    ['the cursor begins at the latest entry', cursor, 'const EARLIEST = 1', 'const EARLIEST = 0'],
    ['a cursor that was closed is used', cursor, '!this.#consumer.gone', 'true'],
  ]),
]
