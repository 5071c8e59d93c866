/** One option of a backend, declared once: it serves the URL, the options object and the README's table. */
export interface OptionSpec {
  /** `texts`: a list, separated by commas in a URL. `value`: anything, in code only (a client, a callback). */
  readonly type: 'text' | 'texts' | 'integer' | 'boolean' | 'value'
  readonly description: string
  readonly default?: string | number | boolean
  readonly required?: boolean
  /** Never shown: not in errors, not in printed URLs. */
  readonly secret?: boolean
  /** The part of the URL that gives it; `query` when not said. */
  readonly from?: 'path' | 'hosts' | 'user' | 'password' | 'query'
  /** Of an integer, inclusive. */
  readonly min?: number
  readonly max?: number
}

export type OptionTable = Readonly<Record<string, OptionSpec>>
