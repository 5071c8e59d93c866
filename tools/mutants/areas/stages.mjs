const voids = 'packages/core/src/log/void-judge.ts'
const duplicates = 'packages/core/src/log/duplicate-judge.ts'
const judges = 'packages/core/src/log/counting-judge.test.ts'
const bookmark = 'packages/core/src/read/stage/own-bookmark.ts'
const voidRecords = 'packages/core/src/read/stage/void-records.ts'
const start = 'packages/core/src/read/stage/start.ts'
const holding = 'packages/core/src/read/stage/holding-stage.ts'
const stages = 'packages/core/src/read/stages.test.ts'
const fencing = 'packages/core/test/fencing.test.ts'
const positions = 'packages/core/test/positions.test.ts'

export const stageMutants = [
  {
    name: 'no time-tick dedupe',
    file: duplicates,
    find: 'if (timeTick <= this.#timeTick) return true',
    replace: 'if (false) return true',
    harness: fencing,
  },
  {
    name: 'void records delivered',
    file: voids,
    find: 'if (term < this.#term || (term === this.#term && !mayBeCurrent)) return true',
    replace: 'if (false) return true',
    harness: fencing,
  },
  {
    name: 'a late opening record makes its writer current',
    file: voids,
    find: 'rises && (opening || this.#adopting)',
    replace: '(opening || (rises && this.#adopting))',
    harness: judges,
  },
  {
    name: 'a position skips its record instead of its unit',
    file: start,
    find: '    return timeTick > this.#timeTick\n',
    replace: `    const self = this as unknown as { skipped?: boolean }
    if (self.skipped) return true
    self.skipped = true
    return false
`,
    harness: positions,
  },
  {
    name: 'resumed check dropped: rolled back unnoticed',
    file: bookmark,
    find: '    else if (!isVoid && record.timeTick > this.#timeTick) throw',
    replace: '    else if (false) throw',
    harness: positions,
  },
  {
    name: 'void records taken for a place to go on from',
    file: voidRecords,
    find: '    if (isVoid) passedOver.voids++\n',
    replace: '    bookmark.moveTo(record)\n    if (isVoid) passedOver.voids++\n',
    harness: 'packages/core/test/fencing.test.ts',
  },
  {
    name: 'the last record asked for again by its time tick alone, under the writer that is current now',
    file: bookmark,
    find: 'record.timeTick === timeTick && isSameWriter(record, writer)',
    replace: 'record.timeTick === timeTick && !isVoid && writer !== undefined',
    harness: 'packages/core/test/restart.test.ts',
  },
  {
    name: 'a unit’s position begins behind the records that are held for another unit',
    file: holding,
    find: 'if (first !== undefined) for',
    replace: 'if (false) for',
    harness: 'packages/core/src/read/stage/holding-stage.test.ts',
  },
  {
    name: 'a new writer’s record completes what the writer before it began',
    file: holding,
    find: '!isSameWriter(this.firstHeld, record)',
    replace: 'false',
    harness: 'packages/core/src/read/stage/holding-stage.test.ts',
  },
  {
    name: 'records below the position that a reader resumes from are kept from the stages',
    file: 'packages/core/src/read/stage/stored-duplicates.ts',
    find: '    const isCopy = this.#judge.isCopy(record)\n',
    replace:
      '    const isCopy = this.#judge.isCopy(record) || record.timeTick <= (this.#reading.known?.timeTick ?? -1n)\n',
    harness: stages,
  },
  {
    name: 'records that lie behind a stage’s end are delivered',
    file: 'packages/core/src/read/log-reading.ts',
    find: '        units = run.before\n',
    replace: '',
    harness: stages,
  },
]
