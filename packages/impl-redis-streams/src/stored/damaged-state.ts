import { corrupt } from '@wal/walimpls'
import type { LogKeys } from './log-keys.js'

/** The error for a field of a log's state with a value that this package never writes: another program changed the state. */
export function damagedState({ state, stream }: LogKeys, what: string): Error {
  return corrupt(`the hash ${state} of the stream ${stream}`, what)
}

export function damagedField(keys: LogKeys, field: string, text: string): Error {
  const shown = JSON.stringify(text.slice(0, 40))
  return damagedState(keys, `its field "${field}" is ${shown}, which this package never puts there`)
}
