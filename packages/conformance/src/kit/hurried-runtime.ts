import type { Runtime } from '@wal/walimpls'

/**
 * A runtime whose waits are twenty times as short, so that a test has time for many failures and retries. Waits of ten seconds
 * and more stay as they are: these are deadlines, and a shortened deadline would fail a slow machine.
 */
export function hurriedRuntime(runtime: Runtime): Runtime {
  return {
    ...runtime,
    setTimeout: (run, ms, options) => runtime.setTimeout(run, ms >= 10_000 ? ms : ms / 20, options),
  }
}
