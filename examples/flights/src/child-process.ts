/** The job that `runChild` gave to this process. Also ends this process when its parent has ended. */
export function takeJob<Job>(): Job {
  process.once('disconnect', () => process.exit(1))
  return JSON.parse(process.argv[2] as string) as Job
}

/** Sends a report to the parent. Resolves when the report was sent. */
export function tellParent(message: object): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send?.(message, undefined, undefined, (error) => (error ? reject(error) : resolve()))
  })
}

/**
 * Disconnects from the parent. From now on nothing of the demo keeps this process alive, so that it ends unless the WAL keeps
 * it alive.
 */
export function jobDone(): void {
  process.removeAllListeners('disconnect')
  process.disconnect()
}
