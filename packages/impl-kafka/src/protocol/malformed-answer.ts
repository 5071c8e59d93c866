/**
 * The error for bytes that cannot be an answer of a broker. The text says what is wrong and at which byte. The connection that
 * such bytes came from is out of step with the broker and has to be closed.
 */
export class MalformedAnswer extends Error {
  override readonly name = 'MalformedAnswer'

  /**
   * @param subject what was decoded, as “the answer to Fetch”
   * @param what the mistake, as half a sentence
   * @param at the byte of the answer at which the mistake was found
   */
  constructor(
    subject: string,
    what: string,
    readonly at: number,
  ) {
    super(`${subject} can't be decoded: ${what}, at byte ${at}.`)
  }
}
