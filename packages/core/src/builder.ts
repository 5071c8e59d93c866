import {
  type BuildWaits,
  getBuilder as getBuilderImpls,
  mustGetBuilder as mustGetBuilderImpls,
  type OpenerBuilderImpls,
  type Runtime,
  systemRuntime,
  type Waits,
} from '@wal/walimpls'
import { readOptions } from '@wal/walimpls/helper'
import { OpenerAdaptor } from './adaptor/opener-adaptor.js'
import type { OpenerBuilder } from './api/opener.js'
import type { WalOptions } from './api/wal-options.js'
import { shareOpener } from './lifetime/shared-opener.js'
import { checkWaits, WAITS } from './options/waits.js'
import { WAL_OPTIONS } from './options/wal-options.js'

/** Of `build` of a builder, beside the options of the backend. */
const BUILD_WAITS = { ...WAITS, runtime: WAL_OPTIONS.runtime } as const

/** The builder of a registered backend. Throws `WAL_BACKEND_NOT_REGISTERED`, which names the import that is missing. */
export function mustGetBuilder<const N extends string>(name: N): OpenerBuilder<N> {
  return adaptBuilder(mustGetBuilderImpls(name)) as unknown as OpenerBuilder<N>
}

/** The builder of a backend, or undefined when it is not registered. */
export function getBuilder<const N extends string>(name: N): OpenerBuilder<N> | undefined {
  const builder = getBuilderImpls(name)
  return builder === undefined ? undefined : (adaptBuilder(builder) as unknown as OpenerBuilder<N>)
}

/** The builder that users see, made of a backend's builder. */
export function adaptBuilder(builder: OpenerBuilderImpls): OpenerBuilder {
  return {
    name: builder.name,
    async build(options, waits: Waits & Pick<WalOptions, 'runtime'> = {}) {
      checkWaits(waits, 'build', BUILD_WAITS)
      const { runtime = systemRuntime, ...rest } = waits
      return buildOpener(builder, options, { runtime, waits: rest })
    },
  }
}

/** Checks the options by the backend's own table of options, and returns an opener. Opens with equal options share one. */
export async function buildOpener(
  builder: OpenerBuilderImpls,
  options: unknown,
  given: { readonly runtime: Runtime; readonly waits: BuildWaits },
): Promise<OpenerAdaptor> {
  const checked = readOptions(builder.options, options, `backend "${builder.name}"`)
  return new OpenerAdaptor(builder, await shareOpener(builder, checked, given), given.runtime)
}
