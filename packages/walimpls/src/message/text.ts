const LONE_SURROGATE = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/

/**
 * Whether a text survives UTF-8, which a lone surrogate does not. `String.prototype.isWellFormed` exists in every Node that we
 * support, but not in ES2022's types.
 */
export function isWellFormed(text: string): boolean {
  const native = (text as { isWellFormed?: () => boolean }).isWellFormed
  return native === undefined ? !LONE_SURROGATE.test(text) : native.call(text)
}

/** The length up to which a loop over the characters costs less than a call into Buffer. */
const SHORT = 64

/** How many bytes a text takes in UTF-8. */
export function utf8Length(text: string): number {
  const { length } = text
  if (length > SHORT) return Buffer.byteLength(text)
  for (let i = 0; i < length; i++) if (text.charCodeAt(i) > 127) return Buffer.byteLength(text)
  return length
}
