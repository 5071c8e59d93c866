/**
 * What pino, and most others, satisfy. Nothing is logged unless one is given. A line about an error has it in `fields.err`,
 * which is the name under which pino writes out type, message, stack and cause.
 */
export interface Logger {
  debug(fields: object, text: string): void
  info(fields: object, text: string): void
  warn(fields: object, text: string): void
  error(fields: object, text: string): void
}

const nothing = (): void => {}

export const silentLogger: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing }
