export interface Reason {
  readonly why: string
  /** The errors, each given by the longest constant piece of its text. */
  readonly pieces: readonly string[]
}

/** The errors that no page of errors shows, grouped by the reason. */
export const NOT_SHOWN: readonly Reason[] = [
  {
    why: 'Only of a server that passes over what it removed, in silence; `WAL_POSITION_TRUNCATED` on the page of users has the remedy.',
    pieces: ['and this one are gone. This one names the time tick'],
  },
  {
    why: 'Words of the kit itself, within the assertions and plain errors by which it fails a test.',
    pieces: [
      'the connection was reset',
      'things could not be closed.',
      'WAL_TEST_SEED=',
      'the test is over',
      'the test fenced this writer once',
      'The child process ended too early, with',
      ', the time tick of the last message:',
    ],
  },
  {
    why: 'A cut or wrong line of a history: as the other lines on the page of authors, with another field.',
    pieces: [
      ': every line has to be one JSON object',
      ': an append that resolved as written needs an id and a timeTick',
    ],
  },
  {
    why: 'Reasons of signals that abort waits within the library: no call rejects with them.',
    pieces: [
      'the opener of "',
      'A check in the admission interceptor asks for this append to be run again:',
      'every caller that waited for this client has given up',
      ": no scanner reads at the log's end any more",
    ],
  },
  {
    why: 'Closed in the middle of a read or a look: the caller is told of the close by the call itself.',
    pieces: [
      ': the log was closed while its end was being read',
      ': the log was closed while a scanner read it',
      ': the log was closed while a writer read back what it stored',
      'the scanner was closed before its start was fixed',
    ],
  },
  {
    why: 'A race between openings, or a loss at an exact moment. packages/core/test has them: fencing, lost-end, truncate-lost and one-writer.',
    pieces: [
      ": the truncation is not confirmed, and it is not taken back: storage may be freed for appends that wait for room, or another time tick may name the log's new beginning. Call truncate again with the same position. What ended it:",
      ": the log can't be written any more. What ended it is the cause of this error.",
      'were acknowledged and are gone. The log lost its end, in a failover or because an older copy of it was restored. Stop being the writer.',
      ', in another record. It lost its end, in a failover or because an older copy of it was restored.',
      "was being opened. Stop being the writer; do not reopen at 'next' in a loop.",
      'was being opened. Let one part of the process be the writer.',
    ],
  },
  {
    why: 'An outcome that stays open, behind a writer that ended. packages/core/test/resolve brings them about with gates.',
    pieces: [
      ": the log was truncated above the appends that the token names, or their records are lost. What became of them can't be told any more.",
      "was acknowledged before the appends that the token names were sent, and is gone. The log lost its end, in a failover or because an older copy of it was restored, so what became of the appends can't be told.",
      ': this WAL is no longer the writer, the log does not hold all of the appends that the token names, and no newer writer has opened it yet. Resolve the token on the next writer. The writer ended because of:',
      ": this WAL is no longer the writer, and the log can't be read to find out what became of the appends that the token names:",
      ': this WAL is no longer the writer, and reading the log for the appends that the token names gave nothing for',
    ],
  },
  {
    why: 'A token of a later version: as a position of one.',
    pieces: ['", and this version of @wal/core reads "runs'],
  },
  {
    why: 'A backend that stores a batch behind one that failed. packages/core/test/prefix has it.',
    pieces: [': the backend stored batch'],
  },
  {
    why: 'A log to which two systems wrote. packages/core/test/read-foreign has it.',
    pieces: ['wrote. @wal/core reads logs of either, not logs of both.'],
  },
  {
    why: 'Damage that no flipped bit brings about, since a frame has a sum and names the one before: a mistake of this package, or a file put in the place of another.',
    pieces: [
      'does not end where its frame does',
      'passes the end of its frame',
      'the next segment begins with record',
      'the file is missing, and records that were not truncated with it',
      'the frame that should begin here is damaged or missing, though intact frames follow',
    ],
  },
  {
    why: 'Answers that no server gives, and entries as another application on the same stream might shape them. The tests of entry-decoder.ts have each.',
    pieces: [
      'a field holds what this package never puts there (',
      'the server’s answer goes on behind the last entry',
      'an entry in the server’s answer is not an id and a list of fields',
      'has an id that this package does not make: another application added it',
      ', where an id belongs',
      'does not say which one it follows: another application added it',
      'the server’s answer has the byte 0x',
      'a text passes the end of the server’s answer',
      'a payload passes the end of the server’s answer',
      'the server’s answer is cut off',
    ],
  },
  {
    why: 'A state of a Redis server, or of a Cluster, that a page of one server can’t have. The server tests and the tests of error-mapping.ts have them.',
    pieces: [
      'the nodes answer, and say that their Cluster is not whole',
      'The server cannot persist and refuses writes: see its log and its disk.',
      'Fewer replicas are connected than min-replicas-to-write asks for.',
      'A script of somebody keeps the server busy.',
      'The server is a node of a Cluster: build the opener with cluster: true.',
      'Somebody else adds entries to the stream.',
      'Redis from version 6.2 on is needed, with scripting allowed.',
    ],
  },
  {
    why: 'A batch behind one that failed: sent again by the adaptor, as those of `AppendTurns` on the page of authors.',
    pieces: ['The answer for the batch before this one was lost. Send both again.'],
  },
  {
    why: 'Bytes that are no packed records. Core packs them itself, and backends check their sums; the tests of packed-record.ts have each.',
    pieces: ['it ends too early', 'its payload passes the end'],
  },
  {
    why: 'Record batches as no broker stores them, or with headers that only another application writes. The tests of batch-decoder.ts and decompress.ts have each.',
    pieces: [
      'a batch lies behind one that ends at offset',
      'the check sum of the batch is wrong',
      'the batch has no room for its',
      'a record passes the end of its batch',
      'the offset of a record is outside its batch',
      'bytes follow the last record of the batch',
      'the bytes there are no record batch',
      'records ends at offset',
      "the batch can't be decompressed with",
    ],
  },
  {
    why: 'Records from before Kafka 0.11 in a topic, and a codec that no broker of today takes. The tests of batch-decoder.ts and compression.ts have both.',
    pieces: [
      ', from before Kafka 0.11, which this package does not read.',
      ', which this package does not know. It reads gzip (1), snappy (2), lz4 (3) and zstd (4).',
    ],
  },
  {
    why: 'Answers that no broker gives: a topic left out, or no record where the log has one.',
    pieces: ['the answer leaves out the topic', ': the broker gives no record at offset'],
  },
  {
    why: 'Entries of another application in a form that this package does not read. The tests of entry-decoder.ts have each.',
    pieces: [', and this package knows LZ4 (1), ZLIB (2), ZSTD (3) and SNAPPY (4)'],
  },
  {
    why: 'Another version of kafkajs in the place of the one that this package names exactly, by an override of the application.',
    pieces: [
      ': it uses parts of kafkajs that are not public. Remove what overrides the version, and install again.',
    ],
  },
  {
    why: 'What kafkajs of the exact version never does. Plain errors, of a mistake of the Kafka backend.',
    pieces: [
      'one login makes one connection',
      'kafkajs made no connection',
      'kafkajs made no socket',
      'kafkajs has no request',
    ],
  },
  {
    why: 'Reasons with which connections to a broker end: those who wait there ask again over another one, or are told that the log is closed.',
    pieces: ['the login has ended', 'the login on this connection is too old', 'The opener is closed.'],
  },
  {
    why: 'A race between two openings on Kafka: the second one stored a record while the first took the fence.',
    pieces: [': another writer stored a record while this one took the fence.'],
  },
  {
    why: 'A value that a request cannot hold: a mistake of the Kafka backend. The tests of wire-writer.ts have each.',
    pieces: ['is no safe integer', 'a uuid has 32 hexadecimal digits'],
  },
  {
    why: 'Several failures of one close, as one AggregateError.',
    pieces: ['things failed to close'],
  },
  {
    why: 'A record that is missing between others, in a backend that numbers records and does not free them in segments. The SQLite example’s tests have it.',
    pieces: ['was truncated, or removed by others.'],
  },
  {
    why: 'Said by fakes of a connection or a clock, to tests alone; plain errors, not of this library’s codes.',
    pieces: [
      'the log is closed',
      'The server takes no connection.',
      'the connection was reset',
      'the opener is closed',
      'fault injection: connection lost',
      'simulation: time is being driven already: another call of `run` or `advance` has not settled',
      'simulation: nothing is left to do and no timer is planned, but the promise has not settled',
    ],
  },
  {
    why: 'An append to a memory log that was deleted under its writer, and a log whose stored records a test removed.',
    pieces: ['The channel was deleted.', 'was read and is gone: the log lost its end.'],
  },
  {
    why: 'Words of the native driver of Pulsar, which only runs where its client is installed; each names its remedy, and the README says when they occur.',
    pieces: [
      '. Install it again and let its install step run, which fetches its binary (pnpm: `pnpm approve-builds`), or choose the driver without native code: driver=protocol.',
      'Choose driver=protocol',
      'The driver is closed.',
      'bytes as a Pulsar message; the broker takes at most',
      '): it has none for a property called "length" that is no length. Read the log with driver=protocol.',
      "with a topic epoch, so a lost producer can't come back",
      'A place in a topic must have a ledger and an entry from 0 on',
    ],
  },
  {
    why: 'Answers of an admin interface of Pulsar that are no answers: the warning that a log’s policies are unknown quotes them.',
    pieces: [
      'sends the request on to',
      'sends the request on more than',
      'is no JSON; is this address the admin interface?',
    ],
  },
  {
    why: 'Failures between the client and a broker of Pulsar that give no words of their own; the errors around them name the call and the broker.',
    pieces: [
      'the connection was closed',
      'the lookup failed',
      'the request failed',
      'The connections to Pulsar are closed.',
      'The client of the admin interface is closed.',
    ],
  },
  {
    why: 'Only of storage that is damaged or emptied by others under Pulsar, or of a broker that stores an entry behind one that failed; the codes are on the page of users.',
    pieces: [
      'the check sum is wrong',
      'is gone: others removed it.',
      'the last entry',
      ': the broker stored this batch, and the one before it failed. The log is read before both are sent again.',
      ', which was sent before. If that one were stored now, readers would drop it.',
    ],
  },
  {
    why: 'Other words of a fence lost on Pulsar; `WAL_FENCED` on its page has the remedy.',
    pieces: [
      'attempts to take it over were refused.',
      ': the producer was lost, and this driver cannot tell whether another one was let in since.',
      ': another writer has stored records behind this writer’s.',
    ],
  },
]
