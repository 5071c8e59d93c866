/**
 * One option, declared once: the check of the options object, the reading of the URL, the text of errors, the comment that
 * an editor shows and the README's table follow from this entry. `docs/decisions/options.md` says how.
 */
export interface OptionSpec {
  /**
   * `texts`: a list, separated by commas in a URL. `hosts`: a list of texts, each `name`, `name:port` or `[IPv6]:port`;
   * `parseHosts` of the helper takes them apart. `value`: anything, in code only (a client, a callback).
   */
  readonly type: 'text' | 'texts' | 'hosts' | 'integer' | 'boolean' | 'value'
  /** Whole sentences: what the option does. Range, allowed texts and default are added where this is shown. */
  readonly description: string
  readonly default?: string | number | boolean
  /** The default in words, where it is no constant: `a quarter of budgetBytes`. */
  readonly defaultText?: string
  readonly required?: boolean
  /** Never shown: not in errors, not in printed URLs. */
  readonly secret?: boolean
  /** The part of the URL that gives it; `query` when not said. */
  readonly from?: 'path' | 'hosts' | 'user' | 'password' | 'query'
  /** Of an integer, inclusive. */
  readonly min?: number
  readonly max?: number
  /** Of an integer. The option's name ends in it: `Bytes` or `Ms`. */
  readonly unit?: 'bytes' | 'milliseconds'
  /** Of a text: every other one is refused. */
  readonly allowed?: readonly string[]
  /** What more is asked of a value of the type, as a test and in words that follow "must be". */
  readonly accepts?: { readonly rule: string; test(value: unknown): boolean }
}

export type OptionTable = Readonly<Record<string, OptionSpec>>

/**
 * The options object `O` after `readOptions` has checked it against the table `T` and filled in the defaults: what has a
 * default is no longer optional. `T` is the type of a table that was declared with `as const satisfies OptionTable`.
 */
export type FilledOptions<O, T> = {
  readonly [K in keyof O as K extends WithDefault<T> ? never : K]: O[K]
} & {
  readonly [K in keyof O as K extends WithDefault<T> ? K : never]-?: Exclude<O[K], undefined>
}

type WithDefault<T> = { [K in keyof T]: T[K] extends { readonly default: unknown } ? K : never }[keyof T]
