const writer = 'packages/impl-file/src/log-writer.ts'
const frame = 'packages/impl-file/src/frame.ts'
const crash = 'packages/impl-file/test/crash.test.ts'
const fullDisk = 'packages/impl-file/test/processes/full-disk.test.ts'
const reader = 'packages/impl-file/test/reader.test.ts'
const damage = 'packages/impl-file/test/damage.test.ts'
const frames = 'packages/impl-file/src/frame.test.ts'

export const fileMutants = [
  {
    name: 'file: a full disk is told as a failure that passes by itself',
    file: 'packages/impl-file/src/error-mapping.ts',
    find: "? 'WAL_STORAGE_FULL' :",
    replace: "? 'WAL_UNAVAILABLE' :",
    harness: fullDisk,
  },
  {
    name: 'file: ack before sync',
    file: writer,
    find: '    await segment.file.writeDurably(frame, segment.end)\n',
    replace: '    void segment.file.writeDurably([Buffer.concat(frame)], segment.end).catch(() => {})\n',
    harness: crash,
  },
  {
    name: 'file: no directory sync for a new segment',
    file: writer,
    find: '      await this.#log.files.syncDirectory(this.#log.path)\n',
    replace: '',
    harness: crash,
  },
  {
    name: 'file: no directory sync for a new folder',
    file: 'packages/impl-file/src/opener.ts',
    find: '    await files.syncDirectory(parent)\n',
    replace: '',
    harness: 'packages/impl-file/test/wal.test.ts',
  },
  {
    name: 'file: check sum not bound to its position',
    file: frame,
    find: 'return (identity + offset / 8) >>> 0',
    replace: 'return offset < 0 ? 0 : identity',
    harness: frames,
  },
  {
    name: 'file: check sum not bound to its segment',
    file: frame,
    find: 'return (identity + offset / 8) >>> 0',
    replace: 'return identity < 0 ? 0 : (offset / 8) >>> 0',
    harness: frames,
  },
  {
    name: 'file: body not checked',
    file: frame,
    find: 'if (crc32(bytes.subarray(bodyStart, bodyEnd)) !== header.bodyCrc) return false\n',
    replace: '',
    harness: frames,
  },
  {
    name: 'file: no fence check between sync and ack',
    file: writer,
    find: '    await segment.file.writeDurably(frame, segment.end)\n    this.#assertCurrent()\n',
    replace: '    await segment.file.writeDurably(frame, segment.end)\n',
    harness: reader,
  },
  {
    name: 'file: a segment written on after a failed sync',
    file: writer,
    find: `known to be durable, and the batch goes into a new one when it is sent again.
      await this.#leaveSegment()`,
    replace: 'known to be durable, and the batch goes into a new one when it is sent again.',
    harness: damage,
  },
  {
    name: 'file: the predecessor’s last batch not written again',
    file: writer,
    find: '        await this.#writeAgain(this.#unproven)\n',
    replace: '',
    harness: crash,
  },
  {
    name: 'file: a reader gives out what is not durable',
    file: 'packages/impl-file/src/log-reader.ts',
    find: '      await reader.sync()\n',
    replace: '',
    harness: reader,
  },
  {
    name: 'file: a reader gives out what a successor may drop',
    file: 'packages/impl-file/src/log-reader.ts',
    find: `      // A later writer decides whether this frame counts: nothing proves that it was acknowledged before that writer came.
      return this.#relocate()`,
    replace: '      await this.#relocate()',
    harness: reader,
  },
  {
    name: 'file: damage in the middle taken for a torn end',
    file: 'packages/impl-file/src/log-end.ts',
    find: '  await reader.assertNotDamaged(position)\n',
    replace: '',
    harness: damage,
  },
  {
    name: 'file: a writer does not look whether its own file is still in the folder',
    file: 'packages/impl-file/src/log-writer.ts',
    find: '    this.#replaced ||= !this.#isInPlace()\n',
    replace: '',
    harness: 'packages/impl-file/test/put-back.test.ts',
  },
  {
    name: 'file: a reader does not look whether its file was replaced',
    file: 'packages/impl-file/src/log-reader.ts',
    find: '    this.#log.assertInPlace(reader.name, reader.fileIdentity, this.#offset)\n',
    replace: '',
    harness: 'packages/impl-file/test/put-back.test.ts',
  },
  {
    name: 'file: a segment that a successor wrote again was put back',
    file: 'packages/impl-file/src/log-reader.ts',
    find: '    return again || isSuperseded(this.#log.files, this.#log.path, epoch)\n',
    replace: '    return again\n',
    harness: 'packages/impl-file/test/reader.test.ts',
  },
  {
    name: 'file: a batch that its own writer wrote again was put back',
    file: 'packages/impl-file/src/log-reader.ts',
    find: '    return again || isSuperseded(',
    replace: '    return isSuperseded(',
    harness: 'packages/impl-file/test/reader.test.ts',
  },
  {
    name: 'file: a reader waits at the end of a segment that was removed',
    file: 'packages/impl-file/src/log-directory.ts',
    find: '    if (!this.files.existsNow(segmentPath(this.path, name))) return true\n',
    replace: '',
    harness: 'packages/impl-file/test/reader.test.ts',
  },
  {
    name: 'file: a reader goes on behind a batch that is another one now',
    file: 'packages/impl-file/src/log-reader.ts',
    find: '    this.#checkGiven(frame)\n',
    replace: '',
    harness: 'packages/impl-file/test/reader.test.ts',
  },
  {
    name: 'file: a reader does not look at its last batch again where its segment left the log',
    file: 'packages/impl-file/src/log-reader.ts',
    find: 'return this.#given?.firstId ?? this.nextId',
    replace: 'return this.nextId',
    harness: 'packages/impl-file/test/reader.test.ts',
  },
  {
    name: 'file: no room set aside for an opening record',
    file: 'packages/impl-file/src/reserve.ts',
    find: 'if (!this.#files.existsNow(path)) await this.#create(path)',
    replace: 'if (path === this.#directory) await this.#create(path)',
    harness: fullDisk,
  },
  {
    name: 'file: a disk without inodes has no marker for another writer',
    file: 'packages/impl-file/src/epoch.ts',
    find: '    if (!isNoRoom(error) || epoch === 1) throw error\n',
    replace: '    throw error\n',
    harness: fullDisk,
  },
]
