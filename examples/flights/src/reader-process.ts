import { jobDone, takeJob, tellParent } from './child-process.js'
import { type ReaderJob, type Reading, readFlights } from './reader.js'

/** A reader in a process of its own: nothing but the log connects it with the writer. */

export type ReaderReport =
  | { readonly kind: 'progress'; readonly count: number }
  | { readonly kind: 'done'; readonly reading: Reading }

const reading = await readFlights(takeJob<ReaderJob>(), {
  signal: new AbortController().signal,
  progress: (count) => void process.send?.({ kind: 'progress', count } satisfies ReaderReport),
})
await tellParent({ kind: 'done', reading } satisfies ReaderReport)
jobDone()
