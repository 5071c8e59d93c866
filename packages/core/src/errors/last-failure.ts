/** The sentence that ends an error's text with the failure behind it; nothing when none is known. */
export function lastFailure(error: unknown): string {
  return error === undefined ? '' : ` The last failure: ${textOf(error)}`
}

function textOf(error: unknown): string {
  return error instanceof Error && error.message !== '' ? error.message : String(error)
}
