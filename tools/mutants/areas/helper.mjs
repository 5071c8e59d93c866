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
]
