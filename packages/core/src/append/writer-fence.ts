import type { MessageId, WALImpls, WalError } from '@wal/walimpls'

/** How the pipeline learns whether its writer is still the current one, and how it ends the writer. */
export interface WriterFence {
  /**
   * The backend said `WAL_FENCED`. Resolves to the log to go on with; rejects when the log holds a newer writer, after
   * it has stopped the pipeline.
   */
  reassert(signal: AbortSignal): Promise<WALImpls>
  /**
   * Batches are stored up to the record `upTo`, and the fence does not prove that they count. Looks from the last
   * acknowledged record up to that one. Rejects, after it has stopped the pipeline, when a newer writer's record lies
   * between, or when the last acknowledged record is gone.
   */
  confirm(upTo: MessageId, signal: AbortSignal): Promise<void>
  /**
   * A batch was stored under ids that don't rise above the last acknowledged one. Resolves to why the writer ends when the
   * log lost its end and what is stored counts all the same; rejects, after it has stopped the pipeline where a newer
   * writer is found, when nobody can tell or the backend made a mistake.
   */
  explainIds(next: MessageId, signal: AbortSignal): Promise<WalError>
  /**
   * Sending again can't help any more. From now on nothing is sent or acknowledged. The listener stops the pipeline, which
   * gives everything outstanding its outcome.
   */
  broken(error: unknown): void
}
