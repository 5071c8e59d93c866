import { type Logger, silentLogger } from '../api/logger.js'

/**
 * The user's logger, for use anywhere: a call of it never throws. A log line that can't be written must not end a writer
 * nor keep something from being closed. There is nowhere left to tell of it.
 */
export function harmlessLogger(logger: Logger | undefined): Logger {
  if (logger === undefined || logger === silentLogger) return silentLogger
  const call =
    (level: keyof Logger): Logger[keyof Logger] =>
    (fields, text) => {
      try {
        const returned: unknown = logger[level](fields, text)
        // An `async` method fails later, and nobody else holds its promise.
        if (returned instanceof Promise) returned.catch(() => {})
      } catch {}
    }
  return { debug: call('debug'), info: call('info'), warn: call('warn'), error: call('error') }
}
