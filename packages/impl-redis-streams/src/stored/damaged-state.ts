import { corrupt } from '@wal/walimpls'
import type { LogKeys } from './log-keys.js'

/** A field of a log's state that this package never wrote so: somebody changed what readers and writers rely on. */
export function damagedState({ state, stream }: LogKeys, what: string): Error {
  return corrupt(`the hash ${state} of the stream ${stream}`, what)
}

export function damagedField(keys: LogKeys, field: string, text: string): Error {
  const shown = JSON.stringify(text.slice(0, 40))
  return damagedState(keys, `its field "${field}" is ${shown}, which this package never puts there`)
}
