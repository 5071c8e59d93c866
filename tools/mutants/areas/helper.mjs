const inHelper = (name) => `packages/walimpls/src/helper/${name}.ts`
const withTest = (name) => ({ file: inHelper(name), harness: inHelper(`${name}.test`) })

export const helperMutants = [
  {
    name: 'helper: a bell forgets what rang before the wait',
    ...withTest('bell'),
    find: 'this.#bell.rings !== this.#heardRings || signal.aborted',
    replace: 'signal.aborted',
  },
  {
    name: 'helper: a wait for the bell that an abort ends leaves its timer',
    ...withTest('bell'),
    find: '        timer?.clear()\n',
    replace: '',
  },
  {
    name: 'helper: who is woken once is woken again',
    ...withTest('wake-list'),
    find: '    this.#wanted = new Set()\n',
    replace: '',
  },
  {
    name: 'helper: a wait that was given up stays in the wake list',
    ...withTest('wake-list'),
    find: '.finally(forget)',
    replace: '.finally(() => {})',
  },
  {
    name: 'helper: pauses grow without bound',
    ...withTest('backoff'),
    find: 'Math.min(maxMs, firstMs * factor ** (failures - 1))',
    replace: '(maxMs * 0 + firstMs * factor ** (failures - 1))',
  },
  {
    name: 'helper: a deferred that can’t be rejected',
    ...withTest('deferred'),
    find: '    reject = no\n',
    replace: '    reject = () => {}\n',
  },
  {
    name: 'helper: a failed piece of work stops those behind it',
    ...withTest('turns'),
    find: 'this.#tail = turn.catch(() => {})',
    replace: 'this.#tail = turn',
  },
  {
    name: 'helper: a call begins though its signal has aborted',
    ...withTest('lifetime'),
    find: '    waits?.signal?.throwIfAborted()\n',
    replace: '',
  },
  {
    name: 'helper: a log opened for a caller who has gone stays open',
    ...withTest('lifetime'),
    find: '          made.close().catch(() => {})\n',
    replace: '',
  },
  {
    name: 'helper: a log opened in an opener that has closed is given out',
    ...withTest('lifetime'),
    find: '          if (this.closed) leave(',
    replace: '          if (waits === null) leave(',
  },
  {
    name: 'helper: a call that was given up counts as ended',
    ...withTest('lifetime'),
    find: '    this.#calls.add(call)\n',
    replace: '',
  },
  {
    name: 'helper: a log does not close its scanners',
    file: inHelper('scanner-end'),
    find: 'owner?.add(() => this.close())',
    replace: 'owner?.add(() => {})',
    harness: inHelper('scanners.test'),
  },
  {
    name: 'helper: a scanner that has ended is kept by its log',
    file: inHelper('scanner-end'),
    find: '      .finally(() => this.#leave())\n',
    replace: '',
    harness: inHelper('scanners.test'),
  },
  {
    name: 'helper: a call without a reply hangs',
    ...withTest('settling-calls'),
    find: '() => fail(new CallFailure(`no answer within ${timeoutMs} ms`)),',
    replace: '() => {},',
  },
  {
    name: 'helper: a lost connection leaves its calls pending',
    ...withTest('settling-calls'),
    find: 'for (const fail of [...this.#pending]) fail(new CallFailure(why))',
    replace: 'void why',
  },
  {
    name: 'helper: a client that is closed still sends',
    ...withTest('settling-calls'),
    find: '    this.#closed = true\n',
    replace: '',
  },
  {
    name: 'helper: a driver that throws leaves its call pending',
    ...withTest('settling-calls'),
    find: '      } catch (error) {\n        fail(error)\n',
    replace: '      } catch {\n',
  },
  {
    name: 'helper: a close that hangs is waited for',
    file: inHelper('ends-within'),
    find: 'Promise.race([work.then(() => true), late])',
    replace: 'work.then(() => (late, true))',
    harness: inHelper('settling-calls.test'),
  },
]
