/** Matches a user and password in front of a host, as in `redis://user:password@host`. */
const LOGIN = /\/\/[^\s/@]+@/g

/**
 * A copy of a driver's error that may be shown and kept as a cause (G22). It has the error's name, code and text, without
 * logins in addresses, and nothing else: drivers attach commands, options and connections to their errors, passwords included.
 * `shorten` may remove further parts of the text.
 */
export function scrubbedError(
  error: unknown,
  shorten: (text: string) => string = (text) => text,
): Error & { readonly code?: string } {
  const { name, code, errors } = (error ?? {}) as Record<string, unknown>
  // Node reports the failure of several addresses as an AggregateError without a text of its own.
  const said = textOf(error) || (Array.isArray(errors) ? textOf(errors[0]) : '')
  const copy: Error & { code?: string } = new Error(shorten(said).replace(LOGIN, '//***@'))
  copy.name = typeof name === 'string' ? name : 'Error'
  if (typeof code === 'string') copy.code = code
  return copy
}

/** The text of an error; empty when it has none. */
export function textOf(error: unknown): string {
  return error instanceof Error ? error.message : typeof error === 'string' ? error : ''
}
