import { memoryBuilder } from '@wal/core/testing'
import type { OpenerBuilderImpls, ReadOnlyWALImpls, WALImpls } from '@wal/walimpls'

/** The memory backend with some methods of its logs replaced: those opened for writing, and those opened read-only. */
export function overMemory(
  replaced: (log: WALImpls) => Partial<WALImpls>,
  replacedReadOnly: (log: ReadOnlyWALImpls) => Partial<ReadOnlyWALImpls> = () => ({}),
): OpenerBuilderImpls {
  const inner = memoryBuilder() as unknown as OpenerBuilderImpls
  return {
    ...inner,
    async build(...parameters) {
      const opener = await inner.build(...parameters)
      return {
        open: async (...given) => {
          const log = await opener.open(...given)
          return withReplaced(log, replaced(log))
        },
        openReadOnly: async (...given) => {
          const log = await opener.openReadOnly(...given)
          return withReplaced(log, replacedReadOnly(log))
        },
        close: () => opener.close(),
      }
    },
  }
}

function withReplaced<T extends object>(log: T, replaced: Partial<T>): T {
  return new Proxy(log, {
    get(target, name) {
      const value = replaced[name as keyof T] ?? Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
