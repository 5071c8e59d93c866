/** The broker certainly got nothing of a batch: no connection could be made to it, or nobody tells which broker leads the topic. */
export class Unsent extends Error {
  override readonly name = 'Unsent'

  constructor(override readonly cause: unknown) {
    super('the batch was not sent')
  }
}
