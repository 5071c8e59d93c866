import type { OpenerBuilderImpls } from '../builder.js'

/** What a backend's package registers: its builder, and which package and contract version the builder is from. */
export interface RegistryEntry {
  // biome-ignore lint/suspicious/noExplicitAny: a registry holds builders of every option and id type.
  readonly builder: OpenerBuilderImpls<any, any>
  readonly specVersion: number
  readonly packageName: string
  readonly packageVersion: string
}
