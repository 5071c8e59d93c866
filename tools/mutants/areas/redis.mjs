const source = (path) => `packages/impl-redis-streams/src/${path}`
const appender = source('appender.ts')
const calls = source('client/redis-calls.ts')
const errorMapping = source('client/error-mapping.ts')
const wakeUps = source('client/wake-ups.ts')
const continuity = source('continuity.ts')
const scanner = source('scanner.ts')
const server = source('server.ts')
const wal = source('wal.ts')
/** The path of a file of the helper, which the Redis backend shares with other backends. */
const helper = (name) => `packages/walimpls/src/helper/${name}.ts`
const pipeline = helper('pipelined-appends')

/** The path of a test of the Redis backend on a scripted connection, without a server. */
const scripted = (name) => `packages/impl-redis-streams/test/scripted/${name}.test.ts`
const append = scripted('append')
const close = scripted('close')
const cluster = scripted('cluster')
const errors = scripted('errors')
const fence = scripted('fence')
const look = scripted('look')
const read = scripted('read')
const settings = scripted('settings')
const truncate = scripted('truncate')
const waking = scripted('wake-ups')

export const redisMutants = [
  {
    name: 'redis: several batches are sent before the fence is taken',
    file: appender,
    find: 'mustWait: () => this.#base === undefined,',
    replace: 'mustWait: () => false,',
    harness: append,
  },
  {
    name: 'redis: a batch is sent behind one that is refused',
    file: pipeline,
    find: '    if (failuresBefore !== this.#failures) throw notWrittenBehind()\n',
    replace: '',
    harness: append,
  },
  {
    name: 'redis: outcomes are told in the order of the answers',
    file: pipeline,
    find: 'const settled = before\n      .then(() => sent)\n',
    replace: 'const settled = Promise.resolve(sent)\n',
    harness: append,
  },
  {
    name: 'redis: what was unknown is told as not written when it is sent again',
    file: pipeline,
    find: 'return this.#doubtful.has(batch.sequence) ?',
    replace: 'return this.#doubtful.has(-1) ?',
    harness: append,
  },
  {
    name: 'redis: a success behind a failure is acknowledged',
    file: pipeline,
    find: 'if (failuresBefore !== this.#failures) throw this.#told(',
    replace: 'if (failuresBefore > this.#failures) throw this.#told(',
    harness: append,
  },
  {
    name: 'redis: after a failure a batch expects one that was not stored',
    file: appender,
    find: '        this.#previous = undefined\n',
    replace: '',
    harness: append,
  },
  {
    name: 'redis: every batch takes the fence',
    file: appender,
    find: "sequence === 0 ? 'yes' : this.#claim",
    replace: "'yes'",
    harness: fence,
  },
  {
    name: 'redis: the fence is taken from any writer',
    file: appender,
    find: "this.#claim = mine ? 'no' :",
    replace: "this.#claim = !mine || mine ? 'yes' :",
    harness: fence,
  },
  {
    name: 'redis: a writer appends to a log that lost its records',
    file: appender,
    find: '        this.#ended = notWritten(error.code, error.message)\n        return this.#ended\n',
    replace: '        return notWritten(error.code, error.message)\n',
    harness: fence,
  },
  {
    name: 'redis: the ids of a new writer are below the server’s clock',
    file: wal,
    find: 'Math.max(server.runtime.now(), look.serverTime)',
    replace: 'server.runtime.now()',
    harness: fence,
  },
  {
    name: 'redis: a command is never answered when its connection ends',
    file: calls,
    find: "      listen(client, 'close', () => this.#calls.lost()),\n",
    replace: '',
    harness: append,
  },
  {
    name: 'redis: a command has no deadline',
    file: helper('settling-calls'),
    find: '() => fail(new CallFailure(`no answer within',
    replace: '() => void (new CallFailure(`no answer within',
    harness: append,
  },
  {
    name: 'redis: no answer counts as not written',
    file: errorMapping,
    find: "const SILENCE: ErrorMeaning = { retryable: true, outcome: 'unknown' }",
    replace: "const SILENCE: ErrorMeaning = { retryable: true, outcome: 'not-written' }",
    harness: append,
  },
  {
    name: 'redis: an answer that nobody knows counts as not written',
    file: errorMapping,
    find: "!== undefined) return { retryable: false, outcome: 'unknown' }",
    replace: "!== undefined) return { retryable: false, outcome: 'not-written' }",
    harness: errors,
  },
  {
    name: 'redis: a full server is told as one that cannot be reached',
    file: errorMapping,
    find: "    code: 'WAL_STORAGE_FULL',\n",
    replace: '',
    harness: errors,
  },
  {
    name: 'redis: a driver’s error is given on as it is',
    file: helper('error-table'),
    find: 'const cause = scrubbed(error)',
    replace: 'const cause = error as Error',
    harness: errors,
  },
  {
    name: 'redis: an error shows the arguments of its command',
    file: errorMapping,
    find: ".replace(/,? with args beginning with:.*$/s, '')",
    replace: '',
    harness: errors,
  },
  {
    name: 'redis: a login that is refused is tried again',
    file: source('client/attempts.ts'),
    find: 'if (final) this.#givenUp.reject(mapped)',
    replace: 'if (mapped === undefined) this.#givenUp.reject(mapped)',
    harness: errors,
  },
  {
    name: 'redis: two truncations run at once',
    file: wal,
    find: 'this.lifetime.inTurn(waits, ',
    replace: 'this.lifetime.during(waits, ',
    harness: truncate,
  },
  {
    name: 'redis: a writer that was taken over frees storage',
    file: wal,
    find: "if (word === 'fenced')",
    replace: "if (word === 'gone')",
    harness: truncate,
  },
  {
    name: 'redis: truncation stops at a whole node of the stream',
    file: wal,
    find: "'MINID', '=', kept",
    replace: "'MINID', '~', kept",
    harness: truncate,
  },
  {
    name: 'redis: a reader passes over records that were removed',
    file: continuity,
    find: '      if (isAfter(previous, this.#after)) throw this.#removed(id)\n',
    replace: '',
    harness: read,
  },
  {
    name: 'redis: a reader passes over a lost end',
    file: continuity,
    find: '      if (isAfter(this.#after, previous)) throw this.#rolledBack(previous, this.#after)\n',
    replace: '',
    harness: read,
  },
  {
    name: 'redis: what is whole before a gap is not given out',
    file: scanner,
    find: '        if (i === 0) throw error\n',
    replace: '        if (i >= 0) throw error\n',
    harness: read,
  },
  {
    name: 'redis: no page is read ahead',
    file: scanner,
    find: '    this.#ahead.begin(next, this.#fetch(next, maxBytes))\n',
    replace: '',
    harness: read,
  },
  {
    name: 'redis: a wake-up during a page is missed',
    file: helper('bell'),
    find: 'this.#bell.rings !== this.#heardRings || signal.aborted',
    replace: 'signal.aborted',
    harness: waking,
  },
  {
    name: 'redis: a reconnect wakes no reader up',
    file: wakeUps,
    find: "listen(calls.client, 'ready', () => this.#wakeUps.wakeAll())",
    replace: "listen(calls.client, 'ready', () => {})",
    harness: waking,
  },
  {
    name: 'redis: a poll wakes readers up when nothing is new',
    file: helper('wake-ups'),
    find: 'if (changed && bell.rings === rings)',
    replace: 'if (bell.rings === rings)',
    harness: waking,
  },
  {
    name: 'redis: a subscription that was refused is not tried again',
    file: helper('wake-ups'),
    find: '    if (!topic.subscribed) this.#subscribe(topic)\n',
    replace: '',
    harness: waking,
  },
  {
    name: 'redis: the subscription of a log stays without readers',
    file: helper('wake-ups'),
    find: '      this.#parts.unsubscribe(topic.name)\n',
    replace: '',
    harness: waking,
  },
  {
    name: 'redis: settings are read once',
    file: helper('refreshed'),
    find: '    if (runtime.monotonic() - this.#readAt > maxAgeMs) this.refresh().catch(() => {})\n',
    replace: '',
    harness: settings,
  },
  {
    name: 'redis: settings are read by several at once',
    file: helper('refreshed'),
    find: 'this.#reading ??= this.#read()',
    replace: 'this.#reading = this.#read()',
    harness: settings,
  },
  {
    name: 'redis: settings are not read again after a reconnect',
    file: server,
    find: "listen(client, 'ready', () => void this.#settings.refresh())",
    replace: "listen(client, 'ready', () => {})",
    harness: settings,
  },
  {
    name: 'redis: too few replicas are enough',
    file: server,
    find: 'Number(replies[1]?.[1]) < waitReplicas',
    replace: 'Number(replies[1]?.[1]) < 0',
    harness: settings,
  },
  {
    name: 'redis: an append does not wait for its confirmation',
    file: appender,
    find: 'await confirmed?.catch(',
    replace: 'void confirmed?.catch(',
    harness: settings,
  },
  {
    name: 'redis: the client of a user is closed',
    file: server,
    find: 'if (ours) closing.push(disconnect(client',
    replace: 'closing.push(disconnect(client',
    harness: close,
  },
  {
    name: 'redis: close waits for a connection that does not end',
    file: source('client/connect.ts'),
    find: 'await endsWithin(runtime, END_MS, ended)',
    replace: 'await ended',
    harness: close,
  },
  {
    name: 'redis: records that were removed behind the last one are passed over',
    file: scanner,
    find: 'this.#failure ??= this.#continuity.missingBehind(page)',
    replace: 'this.#continuity.missingBehind(page)',
    harness: read,
  },
  {
    name: 'redis: what was published before a subscription held is missed',
    file: helper('wake-ups'),
    find: '        topic.bell.ring()\n      },\n      () => {',
    replace: '      },\n      () => {',
    harness: waking,
  },
  {
    name: 'redis: in a Cluster a wake-up goes through every node',
    file: server,
    find: "=== true ? 'SPUBLISH' : 'PUBLISH'",
    replace: "=== true ? 'PUBLISH' : 'PUBLISH'",
    harness: cluster,
  },
  {
    name: 'redis: the settings of one primary stand for the Cluster',
    file: source('server-settings.ts'),
    find: "client.nodes('master') : [client]",
    replace: "client.nodes('master').slice(0, 1) : [client]",
    harness: cluster,
  },
  {
    name: 'redis: a key of another application is listed as a channel',
    file: source('opener.ts'),
    find: 'channel !== undefined && isChannelName(channel)',
    replace: 'channel !== undefined',
    harness: cluster,
  },
  {
    name: 'redis: a log whose last record was removed has none',
    file: source('read-only-wal.ts'),
    find: 'if (exists && lastMessage === undefined && last !== undefined)',
    replace: 'if (!exists && lastMessage === undefined && last !== undefined)',
    harness: look,
  },
  {
    name: 'redis: a client with auto-pipelining is taken',
    file: source('builder.ts'),
    find: 'if (client?.options.enableAutoPipelining)',
    replace: 'if (client === null)',
    harness: look,
  },
]
