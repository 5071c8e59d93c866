import type { OpenerBuilderImpls } from '../../builder.js'
import { WalError } from '../../errors/wal-error.js'
import { CloseTree } from '../../helper/close-tree.js'
import type { OpenerImpls } from '../../opener.js'
import type { Faults } from './faults.js'
import { faultyCall } from './faulty-call.js'
import { type FaultyLogContext, FaultyReadOnlyWAL } from './faulty-read-only-wal.js'
import { FaultyWAL } from './faulty-wal.js'
import { SentBatches } from './sent-batches.js'

/**
 * The same backend with faults in its calls. It keeps the contract of a backend, so everything that works with the backend has
 * to work with this. Batches reach the backend one at a time. Pass the builder to `openWal({ builder })`: it has the name, the
 * options and the ids of the backend and need not be registered.
 */
// biome-ignore lint/suspicious/noExplicitAny: wraps builders of every option and id type.
export function faultyBuilder(inner: OpenerBuilderImpls<any, any>, faults: Faults): OpenerBuilderImpls {
  return {
    ...inner,
    build: async (options, runtime, waits) => {
      const opener = await inner.build(options, runtime, waits)
      const tree = new CloseTree(() => opener.close())
      return faultyOpener(opener, tree, { faults, runtime, messageIds: inner.messageIds, opener: tree })
    },
  }
}

function faultyOpener(inner: OpenerImpls, tree: CloseTree, context: FaultyLogContext): OpenerImpls {
  const closing = new AbortController()
  const sent = new SentBatches()
  const signals = (signal: AbortSignal | undefined) => [signal, closing.signal]
  const opener: OpenerImpls = {
    openReadOnly: (channel, waits) =>
      faultyCall(context, { call: 'openReadOnly', signals: signals(waits?.signal) }, async () => {
        const log = await inner.openReadOnly(channel, waits)
        return new FaultyReadOnlyWAL(log, context)
      }),
    open: (channel, writer, waits) =>
      faultyCall(
        context,
        { call: 'open', signals: signals(waits?.signal), details: { writer } },
        async () => {
          const log = await inner.open(channel, writer, waits)
          return new FaultyWAL(log, context, sent)
        },
      ),
    close: () => {
      if (!closing.signal.aborted) closing.abort(new WalError('WAL_CLOSED', 'the opener is closed'))
      return tree.close()
    },
  }
  const { list, delete: remove } = inner
  if (list !== undefined)
    opener.list = (waits) =>
      faultyCall(context, { call: 'list', signals: signals(waits?.signal) }, () => list.call(inner, waits))
  if (remove !== undefined)
    opener.delete = (channel, waits) =>
      faultyCall(context, { call: 'delete', signals: signals(waits?.signal) }, () =>
        remove.call(inner, channel, waits),
      )
  return opener
}
