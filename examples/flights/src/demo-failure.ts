/** The demo did not come to `verified`; the message says what is wrong and where. */
export class DemoFailure extends Error {
  constructor(
    message: string,
    readonly exitCode = 1,
  ) {
    super(message)
  }
}
