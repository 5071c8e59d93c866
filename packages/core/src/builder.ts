import {
  getBuilder as getBuilderImpls,
  mustGetBuilder as mustGetBuilderImpls,
  type OpenerBuilderImpls,
  systemRuntime,
} from '@wal/walimpls'
import { readOptions } from '@wal/walimpls/helper'
import { OpenerAdaptor } from './adaptor/opener-adaptor.js'
import type { OpenerBuilder } from './opener.js'

/** The builder of a registered backend. Throws `WAL_BACKEND_NOT_REGISTERED`, saying which import is missing. */
export function mustGetBuilder<const N extends string>(name: N): OpenerBuilder<N> {
  return adaptBuilder(mustGetBuilderImpls(name)) as unknown as OpenerBuilder<N>
}

/** The builder of a backend, or undefined when it is not registered. */
export function getBuilder<const N extends string>(name: N): OpenerBuilder<N> | undefined {
  const builder = getBuilderImpls(name)
  return builder === undefined ? undefined : (adaptBuilder(builder) as unknown as OpenerBuilder<N>)
}

/** Puts the adaptor over a backend's builder; checks options by the backend's own table. */
export function adaptBuilder(builder: OpenerBuilderImpls): OpenerBuilder {
  return {
    name: builder.name,
    async build(options, { runtime = systemRuntime, ...waits } = {}) {
      const checked = readOptions(builder.options, options, `backend "${builder.name}"`)
      return new OpenerAdaptor(builder, await builder.build(checked, runtime, waits))
    },
  }
}
