import type { Runtime } from '../runtime/runtime.js'
import { systemRuntime } from '../runtime/system-runtime.js'

/** A process whose waits are shortened, those of a deadline's length excepted, so that many faults fit into a second. */
export function hurriedRuntime(): Runtime {
  return {
    ...systemRuntime,
    setTimeout: (run, ms, options) => systemRuntime.setTimeout(run, ms >= 10_000 ? ms : ms / 20, options),
  }
}
