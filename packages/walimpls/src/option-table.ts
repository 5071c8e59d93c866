/**
 * One option, declared once. The check of the options object, the parsing of URLs, the texts of errors, the comment that an
 * editor shows and the README's table all follow from this entry (`docs/decisions/options.md`).
 */
export interface OptionSpec {
  /**
   * The type of an option's value. `texts` is a list, written with commas in a URL. `hosts` is a list of texts, each `name`,
   * `name:port` or `[IPv6]:port`, which `parseHosts` of the helper splits. `value` is anything that can be given in code only,
   * such as a client or a callback.
   */
  readonly type: 'text' | 'texts' | 'hosts' | 'integer' | 'boolean' | 'value'
  /** What the option does, in whole sentences. Where this text is shown, range, allowed texts and default are added. */
  readonly description: string
  readonly default?: string | number | boolean
  /** The default in words, when it is no constant: `a quarter of budgetBytes`. */
  readonly defaultText?: string
  readonly required?: boolean
  /** The value is a secret: no error and no printed URL shows it. */
  readonly secret?: boolean
  /** The part of a URL that gives the option's value. Default: `query`. */
  readonly from?: 'path' | 'hosts' | 'user' | 'password' | 'query'
  /** The lowest and the highest value of an integer, inclusive. */
  readonly min?: number
  readonly max?: number
  /** The unit of an integer. The option's name ends in the unit: `Bytes` or `Ms`. */
  readonly unit?: 'bytes' | 'milliseconds'
  /** The allowed values of a text. Any other text is refused. */
  readonly allowed?: readonly string[]
  /** A further check of the value: a test, and the rule in words that follow "must be". */
  readonly accepts?: { readonly rule: string; test(value: unknown): boolean }
}

export type OptionTable = Readonly<Record<string, OptionSpec>>

/**
 * The type of an options object `O` after `readOptions` has checked it against the table `T`: an option with a default is no
 * longer optional. `T` is the type of a table that was declared with `as const satisfies OptionTable`.
 */
export type FilledOptions<O, T> = {
  readonly [K in keyof O as K extends WithDefault<T> ? never : K]: O[K]
} & {
  readonly [K in keyof O as K extends WithDefault<T> ? K : never]-?: Exclude<O[K], undefined>
}

type WithDefault<T> = { [K in keyof T]: T[K] extends { readonly default: unknown } ? K : never }[keyof T]
