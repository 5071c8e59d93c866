/** The demo did not get to `verified`. The message says what is wrong, and where. */
export class DemoFailure extends Error {
  constructor(
    message: string,
    readonly exitCode = 1,
  ) {
    super(message)
  }
}
