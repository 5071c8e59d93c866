import { jobDone, takeJob, tellParent } from './child-process.js'
import { type ReaderJob, type Reading, readFlights } from './reader.js'

/** The program of a reader in its own process. It shares nothing with the writer but the log. */

export type ReaderReport =
  | { readonly kind: 'progress'; readonly count: number }
  | { readonly kind: 'done'; readonly reading: Reading }

const reading = await readFlights(takeJob<ReaderJob>(), {
  signal: new AbortController().signal,
  progress: (count) => void process.send?.({ kind: 'progress', count } satisfies ReaderReport),
})
await tellParent({ kind: 'done', reading } satisfies ReaderReport)
jobDone()
