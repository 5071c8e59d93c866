/** An error in one line: its code, its text, and the same of each cause in turn. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { code, cause } = error as Error & { code?: unknown }
  const said = code === undefined ? String(error) : `${String(code)}: ${error.message}`
  return cause === undefined ? said : `${said} (cause: ${describeError(cause)})`
}
