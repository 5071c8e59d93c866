import type { OpenerBuilderImpls } from '../builder.js'

/** What a backend's package says of itself. */
export interface RegistryEntry {
  // biome-ignore lint/suspicious/noExplicitAny: a registry holds builders of every option and id type.
  readonly builder: OpenerBuilderImpls<any, any>
  readonly specVersion: number
  readonly packageName: string
  readonly packageVersion: string
}
