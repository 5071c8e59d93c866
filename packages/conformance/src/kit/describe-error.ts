/** The text of an error in one line: its code and message, then those of each cause. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { code, cause } = error as Error & { code?: unknown }
  const said = code === undefined ? String(error) : `${String(code)}: ${error.message}`
  return cause === undefined ? said : `${said} (cause: ${describeError(cause)})`
}
