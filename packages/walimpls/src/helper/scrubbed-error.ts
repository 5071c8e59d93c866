/** A user and password in front of a host, as in `redis://user:password@host`. */
const LOGIN = /\/\/[^\s/@]+@/g

/**
 * A copy of a driver's error that may be shown and kept as a cause (G22): its name, its code and its text, without logins in
 * addresses. Everything else stays behind: drivers hang commands, options and connections on their errors, passwords
 * included. `shorten` takes away what else a driver writes into its texts.
 */
export function scrubbedError(
  error: unknown,
  shorten: (text: string) => string = (text) => text,
): Error & { readonly code?: string } {
  const { name, code, errors } = (error ?? {}) as Record<string, unknown>
  // Node's error of several addresses that failed has no text of its own.
  const said = textOf(error) || (Array.isArray(errors) ? textOf(errors[0]) : '')
  const copy: Error & { code?: string } = new Error(shorten(said).replace(LOGIN, '//***@'))
  copy.name = typeof name === 'string' ? name : 'Error'
  if (typeof code === 'string') copy.code = code
  return copy
}

/** What an error says; empty for what says nothing. */
export function textOf(error: unknown): string {
  return error instanceof Error ? error.message : typeof error === 'string' ? error : ''
}
