import type { InterceptedAppend, Interceptor } from '../api/interceptor.js'
import type { NewMessage } from '../api/wal.js'

/** Looks at a message that is about to be stored: returns it, changed or not (or nothing: as it is), or throws. */
export type AdmissionCheck = (
  append: InterceptedAppend,
  // biome-ignore lint/suspicious/noConfusingVoidType: a check that only throws is written without a return
) => Promise<NewMessage | undefined | void> | NewMessage | undefined | void

/**
 * An inner interceptor made of a check. It runs in log order: what it decides by can't be overtaken by another append of
 * the vchannel. Throwing refuses the append (not written); throwing `redo(…)` has it tried again later.
 */
export function admission(check: AdmissionCheck, name = 'admission'): Interceptor {
  return {
    name,
    place: 'inner',
    append: async (append, next) => next((await check(append)) ?? append.message),
  }
}
