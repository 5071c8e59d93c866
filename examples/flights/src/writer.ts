import { runChild } from './child.js'
import { DemoFailure } from './demo-failure.js'
import type { Acked, Follow, Log } from './log.js'
import type { Allowance, WriterJob, WriterReport } from './writer-process.js'

/** What one writer process has done. */
export interface Life {
  readonly term: number
  /** The index of the last record that the writer found in the log when it opened the log; −1 for none. */
  readonly durable: number
  /** The backend's warnings at the open, for example of a torn last batch. */
  readonly notices: readonly string[]
  /** The last record that was acknowledged to the writer and that it reported. */
  readonly acked: Acked
  readonly syncs: number
  /** The time from the open of the log to the last report. */
  readonly seconds: number
}

export interface WriterLife extends Log {
  readonly total: number
  /** The last record that was acknowledged to the writer before this one. */
  readonly acked: Acked | undefined
  /** The writer is killed as soon as it reports that this record is acknowledged. Undefined: it is not killed. */
  readonly killAt: number | undefined
}

/** Runs a writer process until it is done or killed. */
export async function runWriter(life: WriterLife, { signal, progress }: Follow): Promise<Life> {
  const { total, killAt } = life
  const reportEvery = Math.ceil(total / 100)
  // The writer may append at most this many records more than it has reported, so that on a fast disk too it is killed in the
  // middle.
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
