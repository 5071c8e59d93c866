import type { InterceptedAppend, Interceptor } from '../api/interceptor.js'
import type { NewMessage } from '../api/wal.js'

/**
 * Looks at a message that is about to be stored. It returns the message to store, or nothing to store it as it is, or
 * throws.
 */
export type AdmissionCheck = (
  append: InterceptedAppend,
  // biome-ignore lint/suspicious/noConfusingVoidType: a check that only throws is written without a return
) => Promise<NewMessage | undefined | void> | NewMessage | undefined | void

/**
 * An inner interceptor made of a check. It runs in log order: between the check of an append and its record in the log no
 * other append of the vchannel gets in. When the check throws, the append is refused (not written); when it throws `redo(…)`,
 * the append is tried again later.
 */
export function admission(check: AdmissionCheck, name = 'admission'): Interceptor {
  return {
    name,
    place: 'inner',
    append: async (append, next) => next((await check(append)) ?? append.message),
  }
}
