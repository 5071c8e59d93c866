import { memoryBuilder } from '@wal/core/testing'
import type { OpenerBuilderImpls, WALImpls } from '@wal/walimpls'

/** The memory backend, with some methods of the logs that it opens for writing replaced. */
export function overMemory(replaced: (log: WALImpls) => Partial<WALImpls>): OpenerBuilderImpls {
  const inner = memoryBuilder() as unknown as OpenerBuilderImpls
  return {
    ...inner,
    async build(...parameters) {
      const opener = await inner.build(...parameters)
      const open: typeof opener.open = async (...given) => {
        const log = await opener.open(...given)
        const own = replaced(log) as Record<PropertyKey, unknown>
        return new Proxy(log, {
          get(target, name) {
            const value = own[name] ?? Reflect.get(target, name)
            return typeof value === 'function' ? value.bind(target) : value
          },
        })
      }
      return {
        openReadOnly: (...given) => opener.openReadOnly(...given),
        open,
        close: () => opener.close(),
      }
    },
  }
}
