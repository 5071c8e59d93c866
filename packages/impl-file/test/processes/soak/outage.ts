import assert from 'node:assert/strict'
import { type AppendError, openWal, WalError } from '@wal/core'
import { type CallDetails, type FaultKind, Faults, faultyBuilder, seededRandom } from '@wal/core/testing'
import { fileBuilder } from '@wal/impl-file'
import { BUDGET_BYTES, sleep, soak, until } from './child.js'
import { numbered, numberOf } from './numbered.js'

/**
 * `FOLDER SECONDS SEED`: for so long every append to the backend fails, half of them after they were stored, under
 * appends that nobody awaits and under appendAll. Then it recovers. At the end what the log holds is held against what
 * every caller was told.
 */
const [folder = '', seconds = '0', seed = '1'] = process.argv.slice(2)
const outageMs = Number(seconds) * 1000
const MAX_RECORDS = 1 << 24
/** This many of the unknown outcomes, evenly picked, are resolved. The other messages may be stored once or never. */
const RESOLVED = 100

const TOLD = { nothing: 0, acked: 1, 'not-written': 2, unknown: 3 } as const

await soak(async (progress) => {
  const random = seededRandom(Number(seed))
  const faults = new Faults()
  const wal = await openWal(`file:${folder}`, {
    channel: 'soak',
    builder: faultyBuilder(fileBuilder, faults),
    budgetBytes: BUDGET_BYTES,
  })
  const told = new Uint8Array(MAX_RECORDS)
  const flooded = new Uint8Array(MAX_RECORDS)
  const tokens = new Map<number, string>()
  const codes: Record<string, number> = {}
  const count = (code: string): void => {
    codes[code] = (codes[code] ?? 0) + 1
  }
  let made = 0
  let ackedInOrder = 0
  let open = 0
  let loading = true
  const take = (): number => {
    assert.ok(made < MAX_RECORDS, 'more was appended than can be remembered')
    return made++
  }

  /** Appends that nobody awaits. Each settles by itself; most of them reject. */
  async function flood(): Promise<void> {
    while (loading) {
      for (let i = 0; i < 200; i++) {
        const number = take()
        flooded[number] = 1
        open++
        wal.append({ payload: numbered(number) }, { timeoutMs: Math.max(200, outageMs / 3) }).then(
          () => {
            open--
            told[number] = TOLD.acked
            count('acked')
          },
          (error: unknown) => {
            open--
            const { outcome, token, code } = error as AppendError
            assert.ok(WalError.isInstance(error) && outcome !== undefined, String(error))
            told[number] = TOLD[outcome]
            if (token !== undefined) tokens.set(number, token)
            count(`${code} ${outcome}`)
          },
        )
      }
      await sleep(5)
    }
  }
  /** An appendAll loop that lasts longer than the outage. None of its messages may fail. */
  async function load(): Promise<void> {
    const numbers: number[] = []
    async function* source() {
      while (loading) {
        for (let i = 0; i < 50; i++) {
          const number = take()
          numbers.push(number)
          yield { payload: numbered(number) }
        }
        await sleep(1)
      }
    }
    for await (const _ of wal.appendAll(source(), { timeoutMs: 20 * 60_000 })) {
      told[numbers.shift() as number] = TOLD.acked
      ackedInOrder++
    }
    assert.equal(numbers.length, 0)
  }
  const tailed = new Uint8Array(MAX_RECORDS)
  const tail = wal.read()
  async function follow(): Promise<void> {
    for await (const { payload } of tail) {
      const number = numberOf(payload)
      tailed[number] = (tailed[number] as number) + 1
    }
  }

  progress.show(() => `${made} made, ${JSON.stringify(codes)}, appendAll ${ackedInOrder}, ${open} open`)
  const loads = Promise.all([flood(), load()])
  const following = follow()
  await until(() => ackedInOrder > 1000)
  // The outage begins with a batch in which an append has a deadline. Otherwise no outcome might become unknown.
  let begun = false
  const fails = ({ batch }: CallDetails): FaultKind | undefined => {
    begun ||=
      batch?.messages.some(({ payload }) => payload.length > 0 && flooded[numberOf(payload)] === 1) === true
    return begun ? (random() < 0.5 ? 'fail' : 'write-then-fail') : undefined
  }
  faults.plan = { script: { append: fails } }
  await until(() => begun)
  await sleep(outageMs)
  const happened = (code: string) => (codes[code] ?? 0) > 0
  await until(() => happened('WAL_RATE_LIMITED not-written') && happened('WAL_OUTCOME_UNKNOWN unknown'))
  await until(() => happened('WAL_TIMEOUT not-written'))
  await until(() => faults.counts.fail > 0 && faults.counts['write-then-fail'] > 0)
  faults.plan = {}
  const before = ackedInOrder
  await until(() => ackedInOrder > before + 1000)
  loading = false
  await loads
  await until(() => open === 0)

  const unknown = [...tokens]
  const picked = unknown.filter((_, i) => i % Math.ceil(unknown.length / RESOLVED) === 0)
  const resolved = new Map<number, boolean>()
  for (const [number, token] of picked) resolved.set(number, (await wal.resolve(token)).outcome === 'written')
  await wal.append({ payload: numbered(take()) })

  const stored = new Uint8Array(made)
  const reader = await openWal(`file:${folder}`, { channel: 'soak', accessMode: 'ro' })
  for await (const { payload } of reader.read({ until: 'end' })) {
    const number = numberOf(payload)
    stored[number] = (stored[number] as number) + 1
  }
  await reader.close()
  await until(() => tailed[made - 1] === 1)
  await tail.close()
  await following
  await wal.close()

  const wrong = { lost: 0, doubled: 0, undead: 0, tailedOtherwise: 0, resolvedOtherwise: 0 }
  for (let number = 0; number < made - 1; number++) {
    const times = stored[number] as number
    if (told[number] === TOLD.nothing || (told[number] === TOLD.acked && times === 0)) wrong.lost++
    if (times > 1) wrong.doubled++
    if (told[number] === TOLD['not-written'] && times > 0) wrong.undead++
    if (tailed[number] !== times) wrong.tailedOtherwise++
    if (resolved.has(number) && resolved.get(number) !== times > 0) wrong.resolvedOtherwise++
  }
  return { made, codes, ackedInOrder, resolved: resolved.size, faults: faults.counts, wrong }
})
