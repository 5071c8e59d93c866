import { runChild } from './child.js'
import { DemoFailure } from './demo-failure.js'
import type { Acked, Follow, Log } from './log.js'
import type { Allowance, WriterJob, WriterReport } from './writer-process.js'

/** What became of one writer process. */
export interface Life {
  readonly term: number
  /** The last record that it found in the log when it had opened it, −1 for none. */
  readonly durable: number
  /** What the backend had to say on opening, about a torn last batch for instance. */
  readonly notices: readonly string[]
  /** The last record that it was told is durable, and told us. */
  readonly acked: Acked
  readonly syncs: number
  /** From the log opened to the last report. */
  readonly seconds: number
}

export interface WriterLife extends Log {
  readonly total: number
  /** Of the life before. */
  readonly acked: Acked | undefined
  /** The writer is killed as soon as this record is acknowledged. */
  readonly killAt: number | undefined
}

/** Lets a writer process run to its end, or until it is killed. */
export async function runWriter(life: WriterLife, { signal, progress }: Follow): Promise<Life> {
  const { total, killAt } = life
  const reportEvery = Math.ceil(total / 100)
  // It may be so far ahead of what it has told us: however fast the disk is, it will be killed in mid-stream.
  const ahead = 25 * reportEvery
  let opened: Extract<WriterReport, { kind: 'opened' }> | undefined
  let acked = life.acked
  let syncs = 0
  let openedAt = 0
  let lastReportAt = 0

  const job: WriterJob = { ...life, reportEvery }
  const ending = await runChild<WriterReport>('./writer-process.ts', job, signal, (report, child) => {
    lastReportAt = performance.now()
    const allowMore = (last: number) => child.send({ below: last + 1 + ahead } satisfies Allowance)
    if (report.kind === 'opened') {
      opened = report
      openedAt = lastReportAt
      return allowMore(report.durable)
    }
    acked = report.acked
    syncs = report.syncs
    progress(acked.index + 1)
    if (killAt !== undefined && acked.index >= killAt) child.kill()
    else allowMore(acked.index)
  })

  if (ending === 'done' && killAt !== undefined)
    throw new DemoFailure(`the writer was done before it could be killed at record ${killAt}`)
  if (opened === undefined || acked === undefined) throw new DemoFailure('the writer ended without a word')
  return { ...opened, acked, syncs, seconds: (lastReportAt - openedAt) / 1000 }
}
