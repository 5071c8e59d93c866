/** The job that `runChild` was given. It also ties this process to its parent: when that one ends, this one does. */
export function takeJob<Job>(): Job {
  process.once('disconnect', () => process.exit(1))
  return JSON.parse(process.argv[2] as string) as Job
}

/** Resolves when the message is on its way to the parent. */
export function tellParent(message: object): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send?.(message, undefined, undefined, (error) => (error ? reject(error) : resolve()))
  })
}

/** From now on nothing of the demo's keeps the process alive: it has to end by itself. */
export function jobDone(): void {
  process.removeAllListeners('disconnect')
  process.disconnect()
}
