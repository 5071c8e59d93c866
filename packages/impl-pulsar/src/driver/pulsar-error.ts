/**
 * The broker refused a request. `code` is the name of Pulsar's `ServerError`, such as `ProducerFenced`, and `message` what the
 * broker said.
 */
export class PulsarError extends Error {
  override readonly name = 'PulsarError'

  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message)
  }
}
