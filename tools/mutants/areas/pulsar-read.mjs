import { groupOf, source } from '../pulsar-source.mjs'

const continuity = source('read/continuity')
const entryQueue = source('read/entry-queue')
const entryStream = source('read/entry-stream')
const feed = source('read/feed')
const missingRecords = source('read/missing-records')
const permits = source('read/permits')
const scanner = source('read/scanner')

const group = groupOf('pulsar read')

export const pulsarReadMutants = [
  ...group('src/read/continuity', [
    [
      'entries of one writer need not follow',
      continuity,
      'entry.sequence > before.sequence + 1',
      'entry.sequence < before.sequence - 1e9',
    ],
    [
      'the numbers of two writers are compared',
      continuity,
      'before.producer === entry.producer && entry.sequence',
      'entry.sequence',
    ],
    [
      'an entry that was stored twice is a gap',
      continuity,
      'entry.sequence > before.sequence + 1',
      'entry.sequence !== before.sequence + 1',
    ],
    [
      'entries are not compared within a ledger',
      continuity,
      'entry.place.ledger === ledger && entry.place.entry <= number + 1',
      'entry.place.ledger === ledger',
    ],
    [
      'an entry beside the one before needs the next number',
      continuity,
      'if (entry.place.ledger === ledger && entry.place.entry <= number + 1) return false',
      '',
    ],
  ]),
  ...group('test/scripted-read/scanner', [
    [
      'the first record is unchecked',
      continuity,
      "if (comparePlaces(entry.place, this.#wanted) !== 0) return 'not the start'",
      '',
    ],
    [
      'a start that was trimmed counts as rolled back',
      entryStream,
      'if (oldest !== undefined && comparePlaces(oldest, wanted) <= 0)',
      'if (oldest !== undefined)',
    ],
    [
      'a start that the log lost counts as truncated',
      entryStream,
      'if (oldest !== undefined && comparePlaces(oldest, wanted) <= 0)',
      'if (oldest === undefined)',
    ],
    [
      'a start behind the end is waited for',
      entryStream,
      '(last === undefined || comparePlaces(last, wanted) < 0)',
      'last === undefined',
    ],
    [
      'a start in a log that lost everything is the end of the log',
      entryStream,
      '(last === undefined || comparePlaces(last, wanted) < 0)',
      'last !== undefined && comparePlaces(last, wanted) < 0',
    ],
    [
      'a start inside an entry gives the records before it',
      continuity,
      'first === 0 ? records : records.slice(first)',
      'records',
    ],
    [
      'a start behind the last record of the last entry is waited for',
      entryQueue,
      "if (records === undefined && entry.part === undefined) this.#stop = { fault: 'not the start', entry }",
      'if (records === undefined) return []',
    ],
    [
      'records lost from the middle count as truncated',
      entryStream,
      '? lostMiddle(missing)',
      '? truncated(missing)',
    ],
    ['trimmed ledgers count as lost records', entryStream, ': truncated(missing)', ': lostMiddle(missing)'],
    [
      'an error does not name the oldest record kept',
      missingRecords,
      '{ oldest: messageIds.serialise(messageIds.of(oldest, 0)) }',
      '{}',
    ],
    [
      'the end is told again and again',
      entryStream,
      'if (this.#told) await this.#changes()\n      else if',
      'if',
    ],
    [
      'an answer from before the call tells the end',
      entryStream,
      'await Promise.race([this.#asking.catch(() => {}), changes])\n      return false',
      'return this.#hasAll(await this.#asking)',
    ],
    [
      'the broker is asked for the end although it has more',
      entryStream,
      'if (!this.#isBelow(this.#end)) {',
      '{',
    ],
    ['an entry that was removed is waited for forever', entryStream, '      this.#end = undefined\n', ''],
    [
      'a reader of the latest waits for the record before it',
      entryStream,
      'this.#continuity.startBehind(await this.#feed.last())',
      'await this.#feed.last()',
    ],
    [
      'a reader of the latest begins at the log’s beginning',
      entryStream,
      "start === 'oldest' ? 'earliest' : start === 'latest' ? start : start.from",
      "typeof start === 'string' ? 'earliest' : start.from",
    ],
    [
      'the id of another backend is read',
      entryStream,
      "if (typeof start !== 'string') messageIds.compare(start.from, start.from)",
      '',
    ],
    [
      'damage hides the records before it',
      entryQueue,
      '      this.#stop = { error }\n      return undefined',
      '      throw error',
    ],
    ['a lost connection is not told', feed, 'ended: (error) => this.#end(error),', 'ended: () => {},'],
    [
      'a lost connection does not wake a scanner that waits',
      feed,
      'this.#ended ??= { error }\n    this.#parts.changed()',
      'this.#ended ??= { error }',
    ],
    [
      'a close leaves the reader open',
      feed,
      'await Promise.all([this.#reader?.close(), this.#left])',
      'await this.#left',
    ],
    [
      'a scanner that waits does not end',
      entryStream,
      'this.#queue.clear()\n    this.#signal()',
      'this.#queue.clear()',
    ],
    [
      'a log that is closed leaves its scanners open',
      scanner,
      'new ScannerEnd(options.signal, () => stream.close(), log)',
      'new ScannerEnd(options.signal, () => stream.close())',
    ],
  ]),
  ...group('src/read/permits', [
    [
      'permits are without bound',
      permits,
      'return Math.min(this.#most, heldBytes === 0 ? Math.max(1, room) : room)',
      'return this.#most',
    ],
    ['many entries of unknown size are permitted', permits, '#most = 1\n', '#most = MOST_PERMITS\n'],
    ['permits double before an entry has come', permits, 'if (this.#largest > 0) this.#most', 'this.#most'],
    [
      'permits count entries and not messages',
      permits,
      'this.#outstanding -= count',
      'this.#outstanding -= 1',
    ],
    ['what is held takes no room', permits, '(this.#shareBytes - heldBytes)', 'this.#shareBytes'],
    [
      'the size of the last entry counts, and not that of the largest',
      permits,
      'Math.max(this.#largest, bytes)',
      'bytes',
    ],
    [
      'more is permitted than a broker uses at once',
      permits,
      'Math.min(MOST_PERMITS, this.#most * 2)',
      'this.#most * 2',
    ],
    [
      'an entry that is larger than the share is never permitted',
      permits,
      'heldBytes === 0 ? Math.max(1, room) : room',
      'room',
    ],
    ['each permit is renewed by itself', permits, 'this.#outstanding > due / 2', 'this.#outstanding >= due'],
  ]),
  ...group('test/scripted-read/bounds', [
    [
      'whatever comes is held',
      feed,
      'else if (queue.bytes > 0 && queue.bytes >= shareBytes && entry.part === undefined) this.#leave()',
      'else if (queue.bytes < 0) this.#leave()',
    ],
    [
      'a reader is left in the middle of an entry',
      feed,
      'queue.bytes >= shareBytes && entry.part === undefined)',
      'queue.bytes >= shareBytes)',
    ],
    ['a reader that goes on gives the last entry again', feed, '    this.#expected = last\n', ''],
    [
      'a reader goes on behind an entry that it does not recognise',
      feed,
      'if (!isSame(entry, expected))',
      'if (entry === undefined)',
    ],
    [
      'a reader begins behind the last entry',
      feed,
      'await this.#open(last.place)',
      'await this.#open({ ledger: last.place.ledger, entry: last.place.entry + 1 })',
    ],
    ['a reader goes on behind another number', feed, '    a.sequence === b.sequence &&\n', ''],
    ['a reader goes on behind another writer', feed, '    a.producer === b.producer &&\n', ''],
    ['a reader goes on behind another batch', feed, '    a.count === b.count &&\n', ''],
    ['a reader goes on behind an entry of another size', feed, ' &&\n    a.bytes === b.bytes', ''],
    ['permits of a reader that was left count on', feed, '    this.#permits.forget()\n', ''],
    ['a reader goes on before there is room', feed, ' && bytes * 2 <= this.#parts.shareBytes', ''],
    [
      'a scanner waits for a reader that cannot be opened',
      feed,
      '      this.renew()\n    } catch (error) {\n      this.#end(error)',
      '      this.renew()\n    } catch {',
    ],
    [
      'a scanner that is closed permits messages',
      feed,
      'if (this.#closed || this.#ended !== undefined) return\n    const { bytes }',
      'if (this.#ended !== undefined) return\n    const { bytes }',
    ],
    [
      'a close leaves a reader that is being opened',
      feed,
      '    await this.#opening?.catch(() => {})\n    await Promise.all',
      '    await Promise.all',
    ],
    [
      'a large entry is one batch',
      entryQueue,
      'if (records.length > 0 && entry.bytes > this.#maxBytes)',
      'if (records.length < 0)',
    ],
    [
      'the parts of a large entry begin with those before',
      entryQueue,
      'records.slice(begin, end)',
      'records.slice(0, end)',
    ],
    ['a large entry counts as held when it was given out', entryQueue, '      this.#bytes -= all\n', ''],
    ['an entry counts as held when it was given out', entryQueue, 'this.#bytes -= entry.bytes\n', '\n'],
  ]),
  ...group('src/read/entry-queue', [
    ['a batch has any size', entryQueue, 'bytes + entry.bytes > this.#maxBytes', 'bytes < 0'],
    [
      'a start in a later part of its entry is lost',
      entryQueue,
      'if (records === undefined && entry.part === undefined) this.#stop',
      'if (records === undefined) this.#stop',
    ],
    [
      'a part without the start ends the batch',
      entryQueue,
      'return records ?? (entry.part === undefined ? undefined : [])',
      'return records',
    ],
  ]),
]
