import { type MessageId, type MessageIdCodec, WalError } from '@wal/walimpls'

/**
 * Throws `WAL_CORRUPT` unless a backend answered one id a message, rising. A backend that breaks its contract may have
 * stored anything, so its writer ends.
 */
export function checkAnswer(
  answer: readonly MessageId[],
  count: number,
  { ids, where }: { readonly ids: MessageIdCodec; readonly where: string },
): void {
  if (answer?.length !== count)
    throw new WalError(
      'WAL_CORRUPT',
      `${where}: the backend answered ${answer?.length} ids for ${count} messages`,
    )
  try {
    checkRise(answer, ids, where)
  } catch (cause) {
    if (WalError.isInstance(cause) && cause.code === 'WAL_CORRUPT') throw cause
    throw new WalError(
      'WAL_CORRUPT',
      `${where}: the backend answered an append with what is no id of its own`,
      {
        cause,
      },
    )
  }
}

function checkRise(answer: readonly MessageId[], ids: MessageIdCodec, where: string): void {
  // An id that is none fails here.
  ids.compare(answer[0] as MessageId, answer[0] as MessageId)
  // Ids that pack into less than a list have been found to be consecutive.
  if (ids.pack !== undefined && ids.pack(answer) !== answer) return
  for (let i = 1; i < answer.length; i++)
    if (ids.compare(answer[i - 1] as MessageId, answer[i] as MessageId) >= 0)
      throw idsDoNotRise(
        where,
        ids.serialise(answer[i - 1] as MessageId),
        ids.serialise(answer[i] as MessageId),
      )
}

/** `next` was answered for a message behind the one that was answered with `before`. */
export function idsDoNotRise(where: string, before: string, next: string): WalError {
  return new WalError(
    'WAL_CORRUPT',
    `${where}: the backend answered id ${next} for a message behind the one with id ${before}. Ids of one log have to rise.`,
  )
}
