import { badInput, type ErrorCase } from '../../../../tools/errors-page/error-case.js'
import { admission, type Interceptor, redo } from '../../src/index.js'
import { message, open } from '../harness.js'

const wrong = (value: unknown) => value as never

const through = async (interceptor: Omit<Interceptor, 'name'>, options: object = {}) => {
  const wal = await open({ interceptors: [{ name: 'stamp', ...interceptor }] })
  return wal.append(message('a'), options)
}
const refusing = (interceptor: object) => () =>
  open({ interceptors: [wrong({ name: 'stamp', append: () => {}, ...interceptor })] })

/** Errors of appends that an interceptor refuses or changes. */
export const INTERCEPTOR_STATES: readonly ErrorCase[] = [
  {
    code: 'WAL_TIMEOUT',
    what: 'An interceptor waited until the message’s time was up. It is not written.',
    advice: 'Watch `append.signal` in the interceptor. Metrics say which one took how long.',
    make: () => through({ append: () => new Promise(() => {}) }, { timeoutMs: 50 }),
  },
  {
    code: 'WAL_TIMEOUT',
    what: 'A check of `admission` threw `redo` until the message’s time was up. It is not written.',
    advice: 'Append it again later. The reason that was given to `redo` says what it waits for.',
    async make() {
      const gate = admission(() => {
        throw redo('the gate is closed')
      })
      const wal = await open({ interceptors: [gate] })
      await wal.append(message('a'), { timeoutMs: 50 })
    },
  },
  {
    code: 'WAL_INVALID_ARGUMENT',
    what: 'A message of a batch was refused by an interceptor.',
    advice: 'The interceptor’s own error is the cause.',
    async make() {
      const refuse = admission(({ message: { payload } }) => {
        if (payload.length === 2) throw new Error('no orders on Sundays')
      })
      const wal = await open({ interceptors: [refuse] })
      await wal.appendBatch([message('a'), message('bb')])
    },
  },
  {
    code: 'WAL_CLOCK_AHEAD',
    what: 'The barrier’s time tick is too far ahead of this machine’s clock. It is not written.',
    advice: 'Give a time tick that a log has given out, or raise `maxClockAheadMs`.',
    async make() {
      const wal = await open()
      await wal.append(message('a'), { barrierTimeTick: 2n ** 62n })
    },
  },
]

/** Errors about interceptors that are not valid, or that break their contract. */
export const BAD_INTERCEPTORS = badInput([
  ['an interceptor without a name', refusing({ name: '' })],
  ['an interceptor’s place', refusing({ place: 'middle' })],
  ['an interceptor’s method', refusing({ close: true })],
  ['an interceptor without a result', () => through({ append: wrong(async () => undefined) })],
  [
    'an inner interceptor that moves a message',
    () =>
      through({
        place: 'inner',
        append: ({ message: given }, next) => next({ ...given, vchannel: 'elsewhere' }),
      }),
  ],
])
