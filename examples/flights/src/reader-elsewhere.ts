import { runChild } from './child.js'
import type { Follow } from './log.js'
import type { ReaderJob, Reading } from './reader.js'
import type { ReaderReport } from './reader-process.js'

/** Runs `readFlights` in another process. */
export async function readElsewhere(job: ReaderJob, { signal, progress }: Follow): Promise<Reading> {
  let reading: Reading | undefined
  await runChild<ReaderReport>('./reader-process.ts', job, signal, (report) => {
    if (report.kind === 'progress') progress(report.count)
    else reading = report.reading
  })
  if (reading === undefined) throw new Error(`${job.name}: its process ended without a result`)
  return reading
}
