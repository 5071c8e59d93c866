import { type MessageId, type MessageIdCodec, WalError } from '@wal/walimpls'

/**
 * Throws `WAL_CORRUPT` unless a backend answered one id a message, rising. A backend that breaks its contract may have
 * stored anything, so its writer ends; a result made of what is no id would fail later, in the hands of a user.
 */
export function checkAnswer(
  answer: readonly MessageId[],
  count: number,
  { ids, where }: { readonly ids: MessageIdCodec; readonly where: string },
): void {
  if (!Array.isArray(answer)) throw broken(where, `${shown(answer)} for ${count} messages`)
  if (answer.length !== count) throw broken(where, `${answer.length} ids for ${count} messages`)
  try {
    checkRise(answer, ids, where)
  } catch (error) {
    if (WalError.isInstance(error) && error.code === 'WAL_CORRUPT') throw error
    // Each id is looked at here only: for a good answer that would take time for nothing.
    const odd = answer.findIndex((id) => !isId(id, ids))
    throw broken(where, `${shown(answer[odd])} as the id of message ${odd}`, error)
  }
}

function checkRise(answer: readonly MessageId[], ids: MessageIdCodec, where: string): void {
  // Throws when the first id is not an id at all.
  ids.serialise(answer[0] as MessageId)
  // `pack` answers the same list unless it has found the ids to be consecutive, and so rising.
  if (ids.pack !== undefined && ids.pack(answer) !== answer) return
  for (let i = 1; i < answer.length; i++)
    if (!(ids.compare(answer[i - 1] as MessageId, answer[i] as MessageId) < 0))
      throw idsDoNotRise(
        where,
        ids.serialise(answer[i - 1] as MessageId),
        ids.serialise(answer[i] as MessageId),
      )
}

/** The error for the answer `next` for a message whose predecessor was answered with `before`. */
export function idsDoNotRise(where: string, before: string, next: string): WalError {
  return new WalError(
    'WAL_CORRUPT',
    `${where}: the backend answered id ${next} for a message behind the one with id ${before}. Ids of one log have to rise.`,
  )
}

function isId(id: MessageId, ids: MessageIdCodec): boolean {
  try {
    ids.serialise(id)
    return true
  } catch {
    return false
  }
}

function broken(where: string, answered: string, cause?: unknown): WalError {
  return new WalError(
    'WAL_CORRUPT',
    `${where}: the backend answered ${answered}. It has to answer an append with one id of its own for each message.`,
    { cause },
  )
}

/** Short, and never the contents of an object. */
function shown(value: unknown): string {
  if (value === null || value === undefined || typeof value === 'number' || typeof value === 'boolean')
    return String(value)
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 40)) : `a value of type ${typeof value}`
}
